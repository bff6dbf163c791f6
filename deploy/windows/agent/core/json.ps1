# JSON that is ASCII only, so that no code page can harm it, and the same from Windows PowerShell 5.1 and PowerShell 7.

$script:JsonDateKind = (Get-Command -Name ConvertFrom-Json).Parameters.ContainsKey('DateKind')

function Hide-ArrayCount {
    # Windows PowerShell 5.1 gives lists an extra property, which its JSON would show. For the whole session, so it is for who
    # writes JSON only, and not for who imports the module. Gives whether it was there.
    if ($null -eq (Get-Command -Name Get-TypeData -ErrorAction SilentlyContinue) -or $null -eq (Get-TypeData -TypeName System.Array)) { return $false }
    Remove-TypeData -TypeName System.Array
    return $true
}

function ConvertTo-WireJson {
    <#
    .SYNOPSIS
    Gives one line of ASCII JSON.
    #>
    param([Parameter(Mandatory = $true)][AllowNull()]$Value)
    $json = ConvertTo-Json -InputObject $Value -Depth 32 -Compress
    if ($json -cmatch '[^\x00-\x7f]') {
        $json = [regex]::Replace($json, '[^\x00-\x7f]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    }
    return $json
}

function ConvertFrom-WireJson {
    <#
    .SYNOPSIS
    Reads JSON into custom objects. Text that looks like a date stays text.
    #>
    param([Parameter(Mandatory = $true)][string]$Text)
    # PowerShell 7 would turn text in ISO format into dates, and back into another text
    if ($script:JsonDateKind) { return (ConvertFrom-Json -InputObject $Text -DateKind String) } # lint:ignore Parameter51
    return (ConvertFrom-Json -InputObject $Text)
}

function ConvertTo-PlainObject {
    # What a value looks like after a trip through JSON.
    param([AllowNull()]$Value)
    if ($null -eq $Value) { return $null }
    return (ConvertFrom-WireJson -Text (ConvertTo-WireJson -Value $Value))
}
