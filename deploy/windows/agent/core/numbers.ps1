# Numbers that a stranger sent. Asked for, never cast: a cast that fails ends or hangs PowerShell under Wine (docs/engines.md).

function Test-WholeNumber {
    # Whether a value of JSON is a whole number within bounds.
    param([AllowNull()]$Value, [long]$Least = 0, [long]$Most = [long]::MaxValue)
    return ($Value -is [int] -or $Value -is [long]) -and $Value -ge $Least -and $Value -le $Most
}

function Test-Quantity {
    # Whether a value of JSON is a number, whole or not, within bounds.
    param([AllowNull()]$Value, [double]$Least = 0, [double]$Most = 1000000)
    $number = $Value -is [int] -or $Value -is [long] -or $Value -is [double] -or $Value -is [decimal]
    return $number -and $Value -ge $Least -and $Value -le $Most
}
