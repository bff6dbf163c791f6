# Section `services`: registration, state, process, ports and health.

$script:OwnServices = 'TradingSystem-'

function Get-ServiceFact {
    # Those that were asked for, then every other registered one of ours.
    param($Asked)
    if (-not (Test-OnWindows)) { throw (New-WireError -Code 'unsupported' -Message 'this system has no Windows services') }
    $items = @($Asked | Where-Object { $null -ne $_ })
    foreach ($item in $items) { Assert-ServiceName -Name $item.name }
    $found = Get-NamedService -Names @($items | ForEach-Object { $_.name })
    $known = @($items | ForEach-Object { $_.name })
    $others = @($found.Keys | Where-Object { $known -notcontains $_ } | Sort-Object | ForEach-Object { [PSCustomObject]@{ name = $found[$_].Name } })
    $facts = @(foreach ($item in $items + $others) { ConvertTo-ServiceFact -Item $item -Instance $found[[string]$item.name] })
    return , $facts
}

function Get-NamedService {
    # Name -> CIM instance, of the named services and of all of ours, by one query.
    param([string[]]$Names)
    $parts = @("Name LIKE '$($script:OwnServices)%'") + @($Names | Where-Object { $_ -notlike "$($script:OwnServices)*" } | ForEach-Object { "Name='$_'" })
    $found = @{}
    foreach ($service in @(Get-CimInstance -ClassName Win32_Service -Filter ($parts -join ' OR '))) { $found[[string]$service.Name] = $service }
    return $found
}

function ConvertTo-ServiceFact {
    param($Item, $Instance)
    $exists = $null -ne $Instance
    $id = if ($exists) { [int]$Instance.ProcessId } else { 0 }
    $process = Get-ProcessIdentity -Id $id
    return [ordered]@{
        name         = [string]$Item.name
        exists       = $exists
        state        = if ($exists) { ([string]$Instance.State).Replace(' ', '') } else { 'Absent' }
        pid          = $id
        process      = if ($null -ne $process) { [ordered]@{ image = $process.Image; started = "$($process.Started)" } } else { $null }
        registration = if ($exists) { Get-ServiceRegistration -Name $Item.name } else { $null }
        probe        = if ($null -ne $Item.probe) { Read-ProbeFact -Probe $Item.probe } else { $null }
        ports        = @(foreach ($port in @($Item.ports | Where-Object { $null -ne $_ })) {
                [ordered]@{ address = $port.address; port = $port.port; open = (Test-PortOpen -Address $port.address -Port $port.port) }
            })
    }
}

function Read-ProbeFact {
    # The probe's answer; one that can't be carried out is a failed one.
    param($Probe)
    try { return Test-Probe -Arguments $Probe } catch {
        return New-ProbeAnswer -Ok $false -Failure ([string](ConvertTo-ErrorField -ErrorRecord $_).message)
    }
}
