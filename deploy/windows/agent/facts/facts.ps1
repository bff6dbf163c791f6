# All sections of the facts; one that fails says so and is never read as absence.

function Get-FactReport {
    <#
    .SYNOPSIS
    Everything that a plan needs to know of this host, section by section (docs/protocol.md, section 4).
    .DESCRIPTION
    Each section is @{ ok; value } or @{ ok; error }. Key: that of the secrets' digests, or $null.
    #>
    param($Arguments, [byte[]]$Key, [hashtable]$Context)
    $sections = [ordered]@{
        host         = { Get-HostFact -Root $Context.Root }
        agent        = { Get-AgentFact -Context $Context }
        lock         = { Get-LockSection -Root $Context.Root }
        services     = { , (Get-ServiceFact -Asked $Arguments.services) }
        revisions    = { , (Get-RevisionFact -Root $Context.Root -Deep ([bool]$Arguments.deep)) }
        runtimes     = { , (Get-RuntimeFact -Folder $Arguments.runtimes_dir) }
        secrets      = { , (Get-SecretFact -Asked $Arguments.secrets -Key $Key) }
        paths        = { , (Get-PathFact -Asked $Arguments.paths) }
        firewall     = { , (Get-FirewallFact -Asked $Arguments.firewall) }
        transactions = { , (Get-TransactionSection -Context $Context) }
        releases     = { , (Read-Attestation -Root $Context.Root) }
        adopted      = { Get-AdoptedFact -Root $Context.Root }
    }
    $facts = [ordered]@{}
    foreach ($name in @($sections.Keys)) { $facts[$name] = Read-Section -Section $sections[$name] }
    return $facts
}

function Read-Section {
    param([scriptblock]$Section)
    try {
        return [ordered]@{ ok = $true; value = (& $Section) }
    } catch {
        return [ordered]@{ ok = $false; error = (ConvertTo-ErrorField -ErrorRecord $_) }
    }
}

function Get-LockSection {
    # The lock's record, $null when nobody is named in it.
    param([string]$Root)
    $fact = Get-LockFact -Root $Root
    if ($null -ne $fact.record -and $null -eq $fact.record.run) { $fact.record = $null }
    return $fact
}

function Get-TransactionSection {
    # The open transactions; an error as its text.
    param([hashtable]$Context)
    $facts = @(foreach ($fact in (Get-TransactionFact -Root $Context.Root -Platform $Context.Platform)) {
            if ($null -ne $fact.error -and $fact.error -isnot [string]) { $fact.error = [string]$fact.error.message }
            $fact
        })
    return , $facts
}

function Get-AgentFact {
    # This module, what else is installed, and the settling task.
    param([hashtable]$Context)
    return [ordered]@{
        sha     = $Context.Agent; protocol = 1
        modules = Get-InstalledModule -Root $Context.Root
        task    = Get-SettlingTaskFact
    }
}

function Get-FirewallFact {
    param($Asked)
    $facts = @(foreach ($name in @($Asked | Where-Object { $_ })) {
            $rule = Get-FirewallRuleFact -Name $name
            [ordered]@{ name = $name; exists = $rule.exists; port = $rule.port; remote = $rule.remote; enabled = $rule.enabled }
        })
    return , $facts
}

function Get-AdoptedFact {
    # Service -> record of its adoption.
    param([string]$Root)
    $folder = (Get-Layout -Root $Root).Adopted
    $records = [ordered]@{}
    if (-not [IO.Directory]::Exists($folder)) { return $records }
    foreach ($file in @([IO.Directory]::GetFiles($folder, '*.json') | Sort-Object)) {
        $name = [IO.Path]::GetFileNameWithoutExtension($file)
        $records[$name] = Read-Adoption -Name $name -Root $Root
    }
    return $records
}
