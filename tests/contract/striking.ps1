
# Behind the module under test: whoever passes the checkpoint that the file names ends itself at once, or stands still.
$script:UnstruckPlatform = ${function:New-Platform}
function New-Platform {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param()
    $platform = & $script:UnstruckPlatform
    $platform.OnCheckpoint = {
        param([string]$Name)
        $file = 'C:\Windows\Temp\strike.txt'
        if (-not [IO.File]::Exists($file)) { return }
        $kind, $label = [IO.File]::ReadAllText($file).Split(' ')
        if ($Name -cne $label) { return }
        [IO.File]::Move($file, 'C:\Windows\Temp\struck.txt')
        if ($kind -ceq 'kill') { [Diagnostics.Process]::GetCurrentProcess().Kill() }
        [Threading.Thread]::Sleep(600000)
    }
    return $platform
}
