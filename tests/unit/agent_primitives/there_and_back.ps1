# Does steps and undoes them, as the executor would: capture, do, and in reverse undo. Standard input: {"steps", "data"}.
param([string]$Module, [string]$Root, [string]$Between = '')

$loaded = Import-Module -Name $Module -PassThru -DisableNameChecking
$given = [Console]::In.ReadToEnd()
& $loaded {
    param($Given, $Root, $Between)
    $request = ConvertFrom-WireJson -Text $Given
    $setting = @{ Root = $Root; Agent = 'a' * 64; Table = (Get-PrimitiveTable); Platform = (New-Platform) }
    $undo = @{}
    $results = @(for ($index = 0; $index -lt @($request.steps).Count; $index++) {
            $step = @($request.steps)[$index]
            $bytes = [IO.Path]::Combine($request.data, "undo-$index.bytes")
            $context = New-StepContext -Setting $setting -DataFolder $request.data -UndoBytes $bytes -DeadlineUp ((Get-UptimeSecond) + 20)
            $entry = $setting.Table[$step.verb]
            $undo[$index] = if ($null -ne $entry.Capture) { ConvertTo-PlainObject -Value @(& $entry.Capture $step.args $context)[-1] } else { $null }
            Invoke-Primitive -Action $entry.Do -Step $step -Context $context
        })
    if ($Between) { & ([ScriptBlock]::Create($Between)) }
    for ($index = $results.Count - 1; $index -ge 0; $index--) {
        $step = @($request.steps)[$index]
        $bytes = [IO.Path]::Combine($request.data, "undo-$index.bytes")
        $context = New-StepContext -Setting $setting -DataFolder $request.data -UndoBytes $bytes -DeadlineUp ((Get-UptimeSecond) + 20)
        $entry = $setting.Table[$step.verb]
        # Twice: an undo that was cut off is done again
        if ($null -ne $entry.Undo) { foreach ($time in 1, 2) { [void](& $entry.Undo $step.args $undo[$index] $context) } }
    }
    [Console]::Out.Write((ConvertTo-WireJson -Value $results))
} $given $Root $Between
