# Windows' own programs: with a time limit, and nothing of theirs on our standard output.

function Invoke-SystemProgram {
    # Runs a program of System32; gives @{ Code; Output }. Raises still-running when it doesn't end in time: it is left alone.
    param([string]$Name, [string[]]$Arguments, [double]$TimeoutS = 30)
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = [IO.Path]::Combine([Environment]::SystemDirectory, $Name)
    $start.Arguments = [string]::Join(' ', @($Arguments | ForEach-Object { ConvertTo-CommandArgument -Text $_ }))
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    try {
        $process.StandardInput.Close()
        # What these programs write fits into a pipe, so waiting first can't lock up
        if (-not $process.WaitForExit([int](1000 * $TimeoutS))) {
            throw (New-WireError -Code 'still-running' -Message "$Name $($Arguments[0]) did not end within $TimeoutS s")
        }
        return @{ Code = $process.ExitCode; Output = $process.StandardOutput.ReadToEnd() }
    } finally { $process.Dispose() }
}

function Test-ProgramEnded {
    # Whether no process of a program runs on this host: one that we gave up waiting for has ended then, too.
    param([string]$Name)
    $found = @([Diagnostics.Process]::GetProcessesByName([IO.Path]::GetFileNameWithoutExtension($Name)))
    foreach ($process in $found) { $process.Dispose() }
    return $found.Count -eq 0
}

function ConvertTo-CommandArgument {
    # One argument as the C run-time library of the program reads it back.
    param([string]$Text)
    if ($Text -cnotmatch '[\s"]' -and $Text.Length -gt 0) { return $Text }
    return '"' + ($Text -creplace '(\\*)"', '$1$1\"' -creplace '(\\+)$', '$1$1') + '"'
}

function Invoke-ServiceControl {
    # sc.exe, by its exit code: a Win32 error. Raises unless that is 0.
    param([string[]]$Arguments)
    $ended = Invoke-SystemProgram -Name 'sc.exe' -Arguments $Arguments
    if ($ended.Code -ne 0) { throw (New-ServiceError -Name $Arguments[1] -Action "sc.exe $($Arguments[0])" -Win32 $ended.Code) }
}

$script:ErrorsByWin32 = @{ 5 = 'access-denied'; 1051 = 'busy'; 1053 = 'start-failed'; 1058 = 'start-failed'; 1060 = 'missing'; 1069 = 'start-failed'; 1072 = 'pending-deletion'; 1073 = 'exists'; 1078 = 'exists' }

function New-ServiceError {
    # The error for a Win32 code of the service control manager.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [string]$Action, [int]$Win32, [string]$Otherwise = 'internal')
    $code = if ($script:ErrorsByWin32.ContainsKey($Win32)) { $script:ErrorsByWin32[$Win32] } else { $Otherwise }
    $text = (New-Object System.ComponentModel.Win32Exception($Win32)).Message
    return New-WireError -Code $code -Message "service ${Name}: $Action failed: $text ($Win32)" -Actual $Win32
}
