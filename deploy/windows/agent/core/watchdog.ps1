# Ends a worker whose controller is silent. A thread of its own with blocking sleeps: the worker's thread waits in a read.

function Start-SilenceWatch {
    # Gives what the worker and the watch share: Heard and BusyUntil in ms of Clock; BusyUntil 0: no request is carried out,
    # -1: one that may last as long as it takes.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([double]$SilenceS)
    $watch = [hashtable]::Synchronized(@{
            Clock     = [Diagnostics.Stopwatch]::StartNew()
            Heard     = 0L
            BusyUntil = 0L
            SilenceMs = [long](1000 * $SilenceS)
        })
    # No commands in it: it needs none, and so it opens in milliseconds
    $bare = [Management.Automation.Runspaces.InitialSessionState]::Create()
    $bare.LanguageMode = 'FullLanguage'
    $space = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($bare)
    $space.Open()
    $shell = [PowerShell]::Create()
    $shell.Runspace = $space
    [void]$shell.AddScript({
            param($watch)
            $look = [int][Math]::Max(10, [Math]::Min(1000, $watch.SilenceMs / 10))
            while ($true) {
                [Threading.Thread]::Sleep($look)
                $now = $watch.Clock.ElapsedMilliseconds
                $until = $watch.BusyUntil
                if ($until -lt 0 -or $now -lt $until) { continue }
                if ($now - $watch.Heard -gt $watch.SilenceMs) {
                    [Console]::Error.WriteLine('no frame for too long: the worker ends')
                    [Environment]::Exit(4)
                }
            }
        }).AddArgument($watch)
    [void]$shell.BeginInvoke()
    return $watch
}
