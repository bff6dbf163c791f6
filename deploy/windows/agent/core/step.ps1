# One step: its primitive, its context, its expectation.

function New-StepContext {
    # What a primitive is told besides its arguments.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Setting, [string]$DataFolder, [string]$Run, [string]$UndoBytes, [double]$DeadlineUp)
    return @{
        Root       = $Setting.Root
        Agent      = $Setting.Agent
        ModulePath = [IO.Path]::Combine((Get-Layout -Root $Setting.Root).Agent, "$($Setting.Agent).psm1")
        Run        = $Run
        DataFolder = $DataFolder
        UndoBytes  = if ($UndoBytes) { $UndoBytes } else { $null }
        DeadlineUp = $DeadlineUp
        Platform   = $Setting.Platform
    }
}

function Get-StepDeadline {
    # On the clock of the platform's uptime.
    param([hashtable]$Platform, $Step, [double]$LeastS = [double]::MinValue)
    $seconds = [Math]::Max($LeastS, $(if ($null -ne $Step.deadline_s) { [double]$Step.deadline_s } else { 30.0 }))
    return [Math]::Round((& $Platform.Uptime) + $seconds, 3)
}

function Get-Primitive {
    param([hashtable]$Table, $Step)
    $primitive = $Table[[string]$Step.verb]
    if ($null -eq $primitive) { throw (New-WireError -Code 'bad-request' -Message "no primitive verb $($Step.verb)" -Where $Step.id) }
    return $primitive
}

function Invoke-Primitive {
    # Runs Do or Describe; gives @{ changed; detail }. Only the last output counts: a stray one must not become the result.
    param([scriptblock]$Action, $Step, [hashtable]$Context)
    $output = @(& $Action $Step.args $Context)
    $result = if ($output.Count -gt 0) { $output[-1] } else { $null }
    if ($null -eq $result -or $null -eq $result.changed) {
        throw (New-WireError -Code 'internal' -Message "the primitive $($Step.verb) gave no result")
    }
    return @{ changed = [bool]$result.changed; detail = $result.detail }
}

function Test-Subset {
    # Whether every field of Expected has an equal one in Actual.
    param($Expected, $Actual)
    if ($Expected -is [Management.Automation.PSCustomObject]) {
        if ($Actual -isnot [Management.Automation.PSCustomObject]) { return $false }
        foreach ($property in $Expected.PSObject.Properties) {
            $found = $Actual.PSObject.Properties[$property.Name]
            if ($null -eq $found -or -not (Test-Subset -Expected $property.Value -Actual $found.Value)) { return $false }
        }
        return $true
    }
    return (ConvertTo-WireJson -Value $Expected) -ceq (ConvertTo-WireJson -Value $Actual)
}

function Assert-Expectation {
    # Raises unexpected-state when the service is not as the step expects it.
    param($Step, [hashtable]$Platform)
    if ($null -eq $Step.expect) { return }
    $name = [string]$Step.args.name
    if (-not $name) { throw (New-WireError -Code 'bad-request' -Message 'an expectation without a service name' -Where $Step.id) }
    $actual = ConvertTo-PlainObject -Value (& $Platform.RegistrationState $name)
    if (Test-Subset -Expected $Step.expect -Actual $actual) { return }
    $seen = [ordered]@{}
    foreach ($property in $Step.expect.PSObject.Properties) { $seen[$property.Name] = $actual.($property.Name) }
    $message = "$name is not as it was when the plan was made"
    throw (New-WireError -Code 'unexpected-state' -Message $message -Expected $Step.expect -Actual $seen -Where $Step.id)
}
