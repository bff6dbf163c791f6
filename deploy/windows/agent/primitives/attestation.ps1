# release.attest: what was seen good or bad on this host, kept on the host.

function Get-AttestationPrimitive {
    return @{
        'release.attest' = @{
            Describe = { param($Arguments, $Context) Get-AttestChange -Arguments $Arguments -Context $Context }
            Do       = {
                param($Arguments, $Context)
                $change = Get-AttestChange -Arguments $Arguments -Context $Context
                if ($change.changed) { Add-Attestation -Arguments $Arguments -Context $Context }
                $change
            }
        }
    }
}

function Read-Attestation {
    # All attestations, oldest first.
    param([string]$Root)
    $bytes = Read-AtomicFile -Path (Get-Layout -Root $Root).Releases
    if ($null -eq $bytes) { return , @() }
    return , @(ConvertFrom-WireJson -Text ([Text.Encoding]::UTF8.GetString($bytes)))
}

function Get-AttestChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'release.attest' -Arguments $Arguments -Required 'release', 'run', 'revisions', 'status'
    if ($Arguments.status -cnotin 'good', 'bad') { throw (New-WireError -Code 'bad-request' -Message "'$($Arguments.status)' is no status" -Expected @('good', 'bad')) }
    $found = Read-Attestation -Root $Context.Root
    $last = if ($found.Count -gt 0) { $found[-1] } else { $null }
    $same = $null -ne $last -and $last.release -ceq $Arguments.release -and $last.run -ceq $Arguments.run -and $last.status -ceq $Arguments.status -and
    (Test-SameMap -Left $last.revisions -Right $Arguments.revisions)
    if ($same) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail ([ordered]@{ release = $Arguments.release; status = $Arguments.status }))
}

function Test-SameMap {
    # Whether two custom objects have the same text under the same names.
    param($Left, $Right)
    $one = ConvertTo-TextMap -Value $Left
    $other = ConvertTo-TextMap -Value $Right
    if ($one.Count -ne $other.Count) { return $false }
    foreach ($name in $one.Keys) { if (-not $other.ContainsKey($name) -or $other[$name] -cne $one[$name]) { return $false } }
    return $true
}

function Add-Attestation {
    param($Arguments, [hashtable]$Context)
    $layout = Get-Layout -Root $Context.Root
    New-ProtectedFolder -Path $layout.State
    $entry = [ordered]@{
        release = $Arguments.release; run = $Arguments.run; at = (& $Context.Platform.UtcNow)
        status = $Arguments.status; revisions = $Arguments.revisions
    }
    $all = (Read-Attestation -Root $Context.Root) + $entry
    Write-AtomicFile -Path $layout.Releases -Bytes ([Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $all)))
}
