# What listens on this host, and connections that don't wait longer than they are told.

$script:LoopbackS = 0.3
$script:PollUs = 5000

function Get-Listener {
    # All local end points on which something listens for TCP.
    return , [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpListeners()
}

function Test-Listening {
    # Whether one of the listeners is at an address and port: at that address, or at all of the host's.
    param([string]$Address, [int]$Port, $Listeners)
    $any = $Address -cin '', '*', '0.0.0.0', '::', '[::]'
    $name = if ($Address -eq 'localhost') { '127.0.0.1' } else { $Address }
    foreach ($listener in $Listeners) {
        if ($listener.Port -ne $Port) { continue }
        $at = $listener.Address.ToString()
        if ($any -or $at -ceq $name -or $at -ceq '0.0.0.0' -or $at -ceq '::' -or $at -ceq "::ffff:$name") { return $true }
    }
    return $false
}

function Test-PortOpen {
    # Whether something listens at an address and port of this host. A loopback address is asked itself; what is no clear answer is
    # looked up in the table of listeners, which takes the longer the more connections the host has.
    param([string]$Address, [int]$Port)
    $ip = $null
    if ([Net.IPAddress]::TryParse($Address, [ref]$ip) -and [Net.IPAddress]::IsLoopback($ip)) {
        $connection = Open-Connection -Address $ip -Port $Port -PatienceS $script:LoopbackS
        if ($null -ne $connection.Socket) { $connection.Socket.Dispose(); return $true }
        if ($connection.Refused) { return $false }
    }
    return Test-Listening -Address $Address -Port $Port -Listeners (Get-Listener)
}

function Get-BusyPort {
    # Those of `ports` arguments on which something listens.
    param($Ports)
    return , @(@($Ports) | Where-Object { $null -ne $_ -and (Test-PortOpen -Address $_.address -Port $_.port) })
}

function Open-Connection {
    # @{ Socket; Refused }: a connected blocking socket, or $null and whether the other side said no within PatienceS.
    param([Net.IPAddress]$Address, [int]$Port, [double]$PatienceS)
    $socket = New-Object System.Net.Sockets.Socket($Address.AddressFamily, [Net.Sockets.SocketType]::Stream, [Net.Sockets.ProtocolType]::Tcp)
    $state = 'waiting'
    try {
        $socket.Blocking = $false
        $state = Request-Connection -Socket $socket -Address $Address -Port $Port
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while ($state -ceq 'waiting' -and $watch.Elapsed.TotalSeconds -lt $PatienceS) { $state = Get-ConnectionState -Socket $socket }
        if ($state -cne 'connected') { return @{ Socket = $null; Refused = $state -ceq 'refused' } }
        $socket.Blocking = $true
        return @{ Socket = $socket; Refused = $false }
    } finally { if ($state -cne 'connected') { $socket.Dispose() } }
}

function Request-Connection {
    # Begins to connect; gives `waiting`, `connected` or `refused`.
    param([Net.Sockets.Socket]$Socket, [Net.IPAddress]$Address, [int]$Port)
    try { $Socket.Connect($Address, $Port); return 'connected' } catch {
        $failure = Find-InnerException -ErrorRecord $_ -Type ([Net.Sockets.SocketException])
        if ($null -eq $failure) { throw }
        if ("$($failure.SocketErrorCode)" -cin 'WouldBlock', 'InProgress') { return 'waiting' }
        return 'refused'
    }
}

function Get-ConnectionState {
    # `waiting`, `connected` or `refused`. Windows reports a refusal as an error, others as readiness with an error in it.
    param([Net.Sockets.Socket]$Socket)
    if ($Socket.Poll($script:PollUs, [Net.Sockets.SelectMode]::SelectWrite)) {
        $trouble = [int]$Socket.GetSocketOption([Net.Sockets.SocketOptionLevel]::Socket, [Net.Sockets.SocketOptionName]::Error)
        if ($trouble -eq 0) { return 'connected' }
        return 'refused'
    }
    if ($Socket.Poll(0, [Net.Sockets.SelectMode]::SelectError)) { return 'refused' }
    return 'waiting'
}

function Connect-Socket {
    # A connected blocking socket; raises unreachable. Its sends and receives wait for at most TimeoutS.
    param([string]$Address, [int]$Port, [double]$TimeoutS)
    $to = @([Net.Dns]::GetHostAddresses($Address) | Sort-Object -Property AddressFamily)[0]
    # Within the host a listener answers at once, and Windows repeats a refused connection for two seconds
    $patienceS = if ([Net.IPAddress]::IsLoopback($to)) { [Math]::Min($TimeoutS, $script:LoopbackS) } else { $TimeoutS }
    $socket = (Open-Connection -Address $to -Port $Port -PatienceS $patienceS).Socket
    if ($null -eq $socket) { throw (New-WireError -Code 'unreachable' -Message "${Address}:$Port does not accept connections") }
    $socket.SendTimeout = [int](1000 * $TimeoutS)
    $socket.ReceiveTimeout = [int](1000 * $TimeoutS)
    return $socket
}
