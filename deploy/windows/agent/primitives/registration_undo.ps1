# What a registration was before it was changed, value by value, and putting that back.

function Save-Registration {
    # The registry values behind the fields of service.configure; $null for those that are absent. Bytes as hex.
    param([string]$Name)
    $key = Open-ServiceKey -Name $Name
    if ($null -eq $key) { throw (New-WireError -Code 'missing' -Message "service $Name is not registered") }
    try {
        $saved = [ordered]@{}
        foreach ($value in $script:RegistrationValues.Values) {
            $found = Get-RawValue -Key $key -Name $value
            $saved[$value] = if ($null -eq $found) { $null } else { ConvertTo-SavedValue -Raw $found }
        }
        return $saved
    } finally { $key.Dispose() }
}

function ConvertTo-SavedValue {
    param([hashtable]$Raw)
    if ($Raw.Kind -cin 'Binary', 'None') { return [ordered]@{ kind = $Raw.Kind; value = (ConvertTo-HexText -Bytes $Raw.Value) } }
    if ($Raw.Kind -ceq 'MultiString') { return [ordered]@{ kind = $Raw.Kind; value = @($Raw.Value) } }
    return [ordered]@{ kind = $Raw.Kind; value = $Raw.Value }
}

function ConvertFrom-SavedValue {
    param($Saved)
    if ($Saved.kind -cin 'Binary', 'None') { return , (ConvertFrom-HexText -Text $Saved.value) }
    if ($Saved.kind -ceq 'MultiString') { return , [string[]]@($Saved.value) }
    if ($Saved.kind -ceq 'DWord') { return [int]$Saved.value }
    return [string]$Saved.value
}

function Restore-Registration {
    # Puts back what Save-Registration gave: by the same ways as a change, then the registry's own values where they still differ.
    param([string]$Name, $Saved)
    $values = @{}
    foreach ($value in $script:RegistrationValues.Values) { $values[$value] = if ($null -eq $Saved.$value) { $null } else { ConvertFrom-SavedValue -Saved $Saved.$value } }
    $wanted = New-Object PSObject -Property (ConvertTo-Registration -Values $values)
    $fields = Get-DifferingField -Found (Assert-Registration -Name $Name) -Wanted $wanted
    Set-RegistrationField -Name $Name -Wanted $wanted -Fields $fields
    $now = Save-Registration -Name $Name
    foreach ($value in $script:RegistrationValues.Values) {
        if ((ConvertTo-WireJson -Value $Saved.$value) -ceq (ConvertTo-WireJson -Value $now[$value])) { continue }
        $kind = if ($null -eq $Saved.$value) { 'String' } else { $Saved.$value.kind }
        if ($null -eq $values[$value]) { Set-ServiceValue -Name $Name -Value $value -Kind $kind -Content $null; continue }
        $key = Open-ServiceKey -Name $Name -Writable $true
        try { Write-KeyValue -Key $key -Name $value -Kind $kind -Content $values[$value] } finally { $key.Dispose() }
    }
}
