# Probes: real connections to the real address; no answer is not healthy.

$script:ProbeArguments = @{ http = @('url'); ws = @('url'); tcp = @('address', 'port'); process = @() }
$script:ProbeTimeoutS = 5.0

function Test-Probe {
    <#
    .SYNOPSIS
    Carries out a probe; gives ok, status, body and error.
    .DESCRIPTION
    Raises bad-request for what is no probe, and nothing else. LimitS shortens the probe's own timeout_s.
    .EXAMPLE
    Test-Probe -Arguments ([PSCustomObject]@{ kind = 'tcp'; address = '127.0.0.1'; port = 5055 })
    #>
    param($Arguments, [double]$LimitS = [double]::MaxValue)
    $kind = [string]$Arguments.kind
    $needed = $script:ProbeArguments[$kind]
    $sound = ($null -eq $Arguments.timeout_s -or (Test-Quantity -Value $Arguments.timeout_s)) -and ($kind -cne 'tcp' -or (Test-Port -Value $Arguments.port))
    if (-not $sound -or $null -eq $needed -or @($needed | Where-Object { $null -eq $Arguments.$_ }).Count -gt 0) {
        throw (New-WireError -Code 'bad-request' -Message "'$kind' is no probe, or lacks an argument" -Expected @('http', 'process', 'tcp', 'ws'))
    }
    [double]$wantedS = if ($Arguments.timeout_s) { $Arguments.timeout_s } else { $script:ProbeTimeoutS }
    $timeoutS = [Math]::Max(0.05, [Math]::Min($wantedS, $LimitS))
    try {
        switch ($kind) {
            'http' { return Test-HttpProbe -Arguments $Arguments -TimeoutS $timeoutS }
            'ws' { return Test-WebSocketProbe -Arguments $Arguments -TimeoutS $timeoutS }
            'tcp' { return Test-TcpProbe -Arguments $Arguments -TimeoutS $timeoutS }
            default { return New-ProbeAnswer -Ok $true }
        }
    } catch {
        return New-ProbeAnswer -Ok $false -Failure ([string](ConvertTo-ErrorField -ErrorRecord $_).message)
    }
}

function New-ProbeAnswer {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([bool]$Ok, $Status = $null, $Body = $null, $Failure = $null)
    return [ordered]@{ ok = $Ok; status = $Status; body = $Body; error = $Failure }
}

function Test-TcpProbe {
    # Connects; `ms` says how long that took.
    param($Arguments, [double]$TimeoutS)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $socket = Connect-Socket -Address $Arguments.address -Port $Arguments.port -TimeoutS $TimeoutS
    $elapsed = [Math]::Round($watch.Elapsed.TotalMilliseconds, 2)
    $socket.Dispose()
    $answer = New-ProbeAnswer -Ok $true
    $answer.ms = $elapsed
    return $answer
}

function Test-HttpProbe {
    # 2xx, and the fields of the JSON answer equal.
    param($Arguments, [double]$TimeoutS)
    $uri = ConvertTo-HttpAddress -Url $Arguments.url
    # Asked first, since the request itself would wait for two seconds where nothing listens
    if ($uri.IsLoopback) { (Connect-Socket -Address $uri.Host -Port $uri.Port -TimeoutS $TimeoutS).Dispose() }
    $answer = Invoke-HttpExchange -Method 'GET' -Url $Arguments.url -TimeoutS $TimeoutS
    $body = ConvertTo-AnswerBody -Text $answer.Body
    if ($answer.Status -lt 200 -or $answer.Status -ge 300) {
        return New-ProbeAnswer -Ok $false -Status $answer.Status -Body $body -Failure "HTTP status $($answer.Status)"
    }
    $wrong = @(if ($null -ne $Arguments.expect) {
            foreach ($field in $Arguments.expect.PSObject.Properties) {
                $found = if ($null -ne $body) { $body.($field.Name) } else { $null }
                if (-not (Test-Subset -Expected $field.Value -Actual $found)) {
                    "$($field.Name) is $(ConvertTo-WireJson -Value $found), expected $(ConvertTo-WireJson -Value $field.Value)"
                }
            }
        })
    if ($wrong.Count -eq 0) { return New-ProbeAnswer -Ok $true -Status $answer.Status -Body $body }
    return New-ProbeAnswer -Ok $false -Status $answer.Status -Body $body -Failure "answer's $($wrong -join '; ')"
}

function ConvertTo-AnswerBody {
    # A JSON object, or $null for any other text.
    param([string]$Text)
    if (-not $Text) { return $null }
    try { $value = ConvertFrom-WireJson -Text $Text } catch { return $null }
    if ($value -is [Management.Automation.PSCustomObject]) { return $value }
    return $null
}

function Test-WebSocketProbe {
    # 101 answered to a handshake.
    param($Arguments, [double]$TimeoutS)
    $url = [string]$Arguments.url
    if ($url -cnotmatch '^ws://([^/:?#]+)(?::([0-9]{1,5}))?(/[^#]*)?$') {
        return New-ProbeAnswer -Ok $false -Failure "'$url': expected an address that begins with ws://"
    }
    $name = $Matches[1]
    $port = if ($Matches[2]) { [int]$Matches[2] } else { 80 }
    $path = if ($Matches[3]) { $Matches[3] } else { '/' }
    $key = [Convert]::ToBase64String([Guid]::NewGuid().ToByteArray())
    $text = "GET $path HTTP/1.1`r`nHost: ${name}:$port`r`nUpgrade: websocket`r`nConnection: Upgrade`r`nSec-WebSocket-Key: $key`r`nSec-WebSocket-Version: 13`r`n`r`n"
    $socket = Connect-Socket -Address $name -Port $port -TimeoutS $TimeoutS
    try {
        [void]$socket.Send([Text.Encoding]::ASCII.GetBytes($text))
        $line = Read-StatusLine -Socket $socket
    } finally { $socket.Dispose() }
    $status = if ($line -cmatch '^HTTP/[0-9.]+ ([0-9]{3})') { [int]$Matches[1] } else { $null }
    if ($status -eq 101) { return New-ProbeAnswer -Ok $true -Status $status }
    return New-ProbeAnswer -Ok $false -Status $status -Failure 'no WebSocket handshake'
}

function Read-StatusLine {
    # The first line that a socket gives, of at most 1024 bytes.
    param([Net.Sockets.Socket]$Socket)
    $buffer = New-Object byte[] 1024
    $size = 0
    while ($size -lt $buffer.Length) {
        $got = $Socket.Receive($buffer, $size, $buffer.Length - $size, [Net.Sockets.SocketFlags]::None)
        if ($got -le 0) { break }
        $size += $got
        if ([Array]::IndexOf($buffer, [byte]10, 0, $size) -ge 0) { break }
    }
    return [Text.Encoding]::ASCII.GetString($buffer, 0, $size).Split("`n")[0]
}
