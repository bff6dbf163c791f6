# Sections `secrets` and `paths`.

function Get-SecretFact {
    # Digests under the controller's key, so that a change shows and the value doesn't.
    param($Asked, [byte[]]$Key)
    $items = @($Asked | Where-Object { $null -ne $_ })
    if ($items.Count -eq 0) { return , @() }
    $hmac = New-Object System.Security.Cryptography.HMACSHA256(, $Key)
    try {
        $facts = @(foreach ($item in $items) {
                $path = Resolve-AbsolutePath -Path $item.path
                $bytes = Read-AtomicFile -Path $path
                [ordered]@{
                    service = $item.service; name = $item.name; path = $item.path
                    exists = $null -ne $bytes
                    digest = if ($null -ne $bytes) { ConvertTo-HexText -Bytes $hmac.ComputeHash($bytes) } else { '' }
                    protected = $null -ne $bytes -and (Test-Trusted -Path $path -Service $item.service)
                }
            })
        return , $facts
    } finally { $hmac.Dispose() }
}

function Get-PathFact {
    param($Asked)
    $facts = @(foreach ($item in @($Asked | Where-Object { $_ })) {
            $path = Resolve-AbsolutePath -Path $item
            $kind = if ([IO.File]::Exists($path)) { 'file' } elseif ([IO.Directory]::Exists($path)) { 'dir' } else { 'absent' }
            [ordered]@{
                path = $item; kind = $kind
                size = if ($kind -ceq 'file') { (New-Object System.IO.FileInfo($path)).Length } else { 0 }
                sha256 = if ($kind -ceq 'file') { Get-FileSha256 -Path $path } else { '' }
                protected = $kind -cne 'absent' -and (Test-Trusted -Path $path)
            }
        })
    return , $facts
}
