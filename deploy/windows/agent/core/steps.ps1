# The steps of a request: their form checked before anything is done, their data arguments turned into files.

function ConvertTo-CheckedStep {
    # The steps as they are carried out and journaled; raises bad-request for what is no list of steps.
    param([AllowNull()]$Value, [int]$Streams, [hashtable]$Table)
    if ($Value -isnot [array]) { throw (New-WireError -Code 'bad-request' -Message 'steps: expected a list') }
    $steps = New-Object System.Collections.ArrayList
    $seen = @{}
    foreach ($step in $Value) {
        Assert-StepForm -Step $step
        [void](Get-Primitive -Table $Table -Step $step)
        if ($seen.ContainsKey($step.id)) { throw (New-WireError -Code 'bad-request' -Message "two steps are called $($step.id)") }
        $seen[$step.id] = $true
        [void]$steps.Add([PSCustomObject]@{
                id = $step.id; verb = $step.verb; args = (ConvertTo-FileReference -Value $step.args -Streams $Streams)
                expect = $step.expect; deadline_s = if ($null -ne $step.deadline_s) { $step.deadline_s } else { 30 }
            })
    }
    return , $steps.ToArray()
}

function Test-JsonObject {
    param([AllowNull()]$Value)
    return $Value -is [Management.Automation.PSCustomObject]
}

function Assert-StepForm {
    # Raises bad-request, naming the field.
    param([AllowNull()]$Step)
    if (-not (Test-JsonObject -Value $Step)) { throw (New-WireError -Code 'bad-request' -Message 'a step is no object') }
    $deadline = $Step.deadline_s
    $sound = [ordered]@{
        id         = $Step.id -is [string] -and $Step.id
        verb       = $Step.verb -is [string]
        args       = Test-JsonObject -Value $Step.args
        expect     = $null -eq $Step.expect -or (Test-JsonObject -Value $Step.expect)
        deadline_s = $null -eq $deadline -or (Test-Quantity -Value $deadline -Least -1000000)
    }
    foreach ($field in $sound.Keys) {
        if (-not $sound[$field]) { throw (New-WireError -Code 'bad-request' -Message "step $($Step.id): $field is missing or wrong" -Where $field) }
    }
}

function ConvertTo-FileReference {
    # Arguments with {"data":n} turned into {"file":"data-n"}, so that they stay true after the request.
    param([AllowNull()]$Value, [int]$Streams)
    if ($Value -is [array]) {
        $list = New-Object object[] $Value.Count
        for ($at = 0; $at -lt $list.Length; $at++) { $list[$at] = ConvertTo-FileReference -Value $Value[$at] -Streams $Streams }
        return , $list
    }
    if (-not (Test-JsonObject -Value $Value)) { return $Value }
    $names = @($Value.PSObject.Properties | ForEach-Object { $_.Name })
    if ($names.Count -eq 1 -and $names[0] -ceq 'data' -and $Value.data -is [ValueType]) {
        $number = [long]$Value.data
        if ($number -lt 0 -or $number -ge $Streams) {
            throw (New-WireError -Code 'bad-request' -Message "there is no data stream $number" -Expected "below $Streams")
        }
        return [PSCustomObject]@{ file = "data-$number" }
    }
    $copy = [ordered]@{}
    foreach ($name in $names) { $copy[$name] = ConvertTo-FileReference -Value $Value.$name -Streams $Streams }
    return [PSCustomObject]$copy
}
