# HTTP by blocking calls, without a proxy: its detection waits for minutes.

$script:MaxBody = 65536

function ConvertTo-HttpAddress {
    # A text as an address; raises bad-request for what is none.
    param([string]$Url)
    $uri = $null
    if ($Url -cmatch '^https?://[^/]' -and [uri]::TryCreate($Url, [UriKind]::Absolute, [ref]$uri)) { return $uri }
    throw (New-WireError -Code 'bad-request' -Message "'$Url': expected an address that begins with http:// or https://")
}

function New-HttpRequest {
    # A request on a connection of its own.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Method, [string]$Url, [double]$TimeoutS)
    $uri = ConvertTo-HttpAddress -Url $Url
    # Windows PowerShell 5.1 may offer old protocols only, unless it is told; 0 leaves it to the system
    $offered = [Net.ServicePointManager]::SecurityProtocol
    if ([int]$offered -ne 0) { [Net.ServicePointManager]::SecurityProtocol = $offered -bor [Net.SecurityProtocolType]::Tls12 }
    $request = [Net.WebRequest]::Create($uri)
    $request.Method = $Method
    $request.Proxy = $null
    $request.KeepAlive = $false
    $request.AllowAutoRedirect = $false
    $request.Timeout = [int][Math]::Max(50, 1000 * $TimeoutS)
    $request.ReadWriteTimeout = $request.Timeout
    if ($Method -ceq 'POST') { $request.ContentLength = 0 }
    return $request
}

function Get-HttpResponse {
    # The response, whatever its status; raises unreachable when there is none.
    param($Request)
    try { return $Request.GetResponse() } catch {
        $failure = Find-InnerException -ErrorRecord $_ -Type ([Net.WebException])
        if ($null -ne $failure -and $null -ne $failure.Response) { return $failure.Response }
        $text = if ($null -ne $failure) { $failure.Message } else { $_.Exception.GetBaseException().Message }
        throw (New-WireError -Code 'unreachable' -Message "$($Request.RequestUri): $text")
    }
}

function Invoke-HttpExchange {
    # One request; gives @{ Status; Body }: the first 64 KiB of the body.
    param([string]$Method, [string]$Url, [double]$TimeoutS)
    $response = Get-HttpResponse -Request (New-HttpRequest -Method $Method -Url $Url -TimeoutS $TimeoutS)
    try {
        $stream = $response.GetResponseStream()
        $buffer = New-Object byte[] $script:MaxBody
        $size = 0
        while ($size -lt $buffer.Length -and ($got = $stream.Read($buffer, $size, $buffer.Length - $size)) -gt 0) { $size += $got }
        return @{ Status = [int]$response.StatusCode; Body = [Text.Encoding]::UTF8.GetString($buffer, 0, $size) }
    } finally { $response.Dispose() }
}

function Receive-Download {
    # Streams the body of a GET into a file, flushed; gives @{ Size; Sha256 }. Raises unreachable, missing, checksum or timeout.
    param($Arguments, [hashtable]$Context, [string]$Path)
    $left = $Context.DeadlineUp - (& $Context.Platform.Uptime)
    $request = New-HttpRequest -Method 'GET' -Url $Arguments.url -TimeoutS ([Math]::Max(0.1, [Math]::Min(30.0, $left)))
    if ($null -ne $Arguments.headers) {
        foreach ($header in $Arguments.headers.PSObject.Properties) { $request.Headers[$header.Name] = [string]$header.Value }
    }
    $response = Get-HttpResponse -Request $request
    try {
        $status = [int]$response.StatusCode
        if ($status -ne 200) {
            $code = if ($status -in 404, 410) { 'missing' } else { 'unreachable' }
            throw (New-WireError -Code $code -Message "$($Arguments.url): HTTP status $status" -Expected 200 -Actual $status)
        }
        return Save-Body -Response $response -Arguments $Arguments -Context $Context -Path $Path
    } finally { $response.Dispose() }
}

function Save-Body {
    param($Response, $Arguments, [hashtable]$Context, [string]$Path)
    $size = [long]$Arguments.size
    try {
        return Write-FlushedStream -Source $Response.GetResponseStream() -Path $Path -MaxBytes $size -OnPiece {
            param($received)
            if ((& $Context.Platform.Uptime) -lt $Context.DeadlineUp) { return }
            throw (New-WireError -Code 'timeout' -Message "$($Arguments.url): $received of $size bytes by the deadline")
        }
    } catch {
        $fields = ConvertTo-ErrorField -ErrorRecord $_
        if ($fields.code -cne 'internal') { throw }
        throw (New-WireError -Code 'unreachable' -Message "$($Arguments.url): $($_.Exception.GetBaseException().Message)")
    }
}
