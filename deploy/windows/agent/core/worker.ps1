# The worker: reads requests from one stream and answers on the other until the input ends.

function Start-Worker {
    <#
    .SYNOPSIS
    Serves one controller over two streams; gives the exit code for the process.
    .DESCRIPTION
    0: the input ended; 3: what came was no frame. A silent controller ends the process with 4. boot.ps1 calls it with the
    process's standard streams.
    .PARAMETER InputStream
    Where the controller's frames come from.
    .PARAMETER OutputStream
    Where answers and events go.
    .PARAMETER Root
    The root folder.
    .PARAMETER Agent
    SHA-256 of this module, lower hex: its name on the host.
    .PARAMETER Table
    The primitive verbs; another table is for tests.
    .PARAMETER Platform
    Clock, processes and settling task; other ones are for tests.
    .PARAMETER SilenceS
    How long the controller may say nothing, in seconds.
    .OUTPUTS
    System.Int32. The exit code.
    .EXAMPLE
    exit (Start-Worker -InputStream $in -OutputStream $out -Root C:\TradingSystem -Agent $sha)
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][IO.Stream]$InputStream,
        [Parameter(Mandatory = $true)][IO.Stream]$OutputStream,
        [Parameter(Mandatory = $true)][string]$Root,
        [Parameter(Mandatory = $true)][string]$Agent,
        [hashtable]$Table = (Get-PrimitiveTable),
        [hashtable]$Platform = (New-Platform),
        [double]$SilenceS = 60
    )
    [void](Hide-ArrayCount)
    $worker = @{
        Root = $Root; Agent = $Agent; Table = $Table; Platform = $Platform; Lock = $null; After = $null
        Channel = (New-FrameChannel -InputStream $InputStream -OutputStream $OutputStream)
        Watch = $null
    }
    Write-JsonFrame -Channel $worker.Channel -Kind 'E' -Seq 0 -Value (Get-ReadyEvent -Agent $Agent)
    # Only now: until it is told, the controller has nothing to say
    $worker.Watch = Start-SilenceWatch -SilenceS $SilenceS
    try {
        while ($null -ne ($frame = Read-Frame -Channel $worker.Channel)) {
            $worker.Watch.Heard = $worker.Watch.Clock.ElapsedMilliseconds
            Receive-Frame -Worker $worker -Frame $frame
        }
        return 0
    } catch {
        [Console]::Error.WriteLine("$(ConvertTo-WireJson -Value (ConvertTo-ErrorField -ErrorRecord $_))")
        return 3
    } finally {
        Exit-NamedMutex -Name (Get-MutexName -Role 'Worker' -Root $Root)
    }
}

function Get-ReadyEvent {
    param([string]$Agent)
    return [ordered]@{
        event = 'ready'; protocol = 1; agent = $Agent; engine = "powershell $($PSVersionTable.PSVersion)"; pid = $PID
        edition = "$($PSVersionTable.PSEdition)"; time_utc = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
    }
}

function Receive-Frame {
    # One frame from the controller. Raises only what must end the worker.
    param([hashtable]$Worker, [hashtable]$Frame)
    if ($Frame.Kind -ceq 'E') { return }
    if ($Frame.Kind -cne 'Q') { throw (New-WireError -Code 'bad-request' -Message "frame $($Frame.Kind) $($Frame.Seq) without a request") }
    $request = ConvertFrom-WireJson -Text ([Text.Encoding]::UTF8.GetString($Worker.Channel.Buffer, 0, $Frame.Size))
    Assert-RequestForm -Request $request
    if ($null -eq $request.args) { $request | Add-Member -NotePropertyName args -NotePropertyValue ([PSCustomObject]@{}) -Force }
    $Worker.Watch.BusyUntil = -1L
    $Worker.After = $null
    try {
        $answer = Get-Answer -Worker $Worker -Frame $Frame -Request $request
        try {
            Write-JsonFrame -Channel $Worker.Channel -Kind 'A' -Seq $Frame.Seq -Value $answer
        } catch {
            # Too long, and so nothing of it was written; a broken pipe raises here again
            $Worker.After = $null
            $refusal = [ordered]@{ ok = $false; error = (ConvertTo-ErrorField -ErrorRecord $_) }
            Write-JsonFrame -Channel $Worker.Channel -Kind 'A' -Seq $Frame.Seq -Value $refusal
        }
        if ($null -ne $Worker.After) { Send-FileStream -Worker $Worker -Seq $Frame.Seq -Bytes $Worker.After }
    } finally {
        $Worker.Watch.Heard = $Worker.Watch.Clock.ElapsedMilliseconds
        $Worker.Watch.BusyUntil = 0L
    }
}

function Get-Answer {
    # The answer's JSON. Data streams are taken in whatever the answer is, so that the next request is found.
    param([hashtable]$Worker, [hashtable]$Frame, $Request)
    try {
        $entry = Assert-Request -Worker $Worker -Request $Request
    } catch {
        $refusal = ConvertTo-ErrorField -ErrorRecord $_
        $Worker.Watch.BusyUntil = 0L
        Skip-DataStream -Worker $Worker -Seq $Frame.Seq -Count ([int]$Request.data)
        return [ordered]@{ ok = $false; error = $refusal }
    }
    $Worker.Watch.BusyUntil = 0L # a controller that dies within its data is silent, too
    $data = Receive-RequestData -Worker $Worker -Frame $Frame -Request $Request -Kind $entry.Data
    if ($null -ne $data.Trouble) { return [ordered]@{ ok = $false; error = (ConvertTo-ErrorField -ErrorRecord $data.Trouble) } }
    $Worker.Watch.BusyUntil = -1L
    try {
        $result = & $entry.Run $Worker $Frame $Request $data.Value
        return [ordered]@{ ok = $true; result = $result }
    } catch {
        return [ordered]@{ ok = $false; error = (ConvertTo-ErrorField -ErrorRecord $_) }
    }
}
