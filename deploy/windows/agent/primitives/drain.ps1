# service.drain: asks a service to finish its work, waits, and can take it back.

$script:DrainRequestS = 5.0

function Get-DrainPrimitive {
    return @{
        'service.drain' = @{
            Describe = { param($Arguments, $Context) Get-DrainChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-DrainChange -Arguments $Arguments
                if ($change.changed) { Invoke-Drain -Arguments $Arguments -Context $Context }
                $change
            }
            Capture  = { param($Arguments, $Context) @{ ran = (Assert-ServiceState -Name $Arguments.name).State -ceq 'Running' } }
            Undo     = {
                param($Arguments, $Undo, $Context)
                if ($Undo.ran -and (Get-ServiceState -Name $Arguments.name).State -ceq 'Running') {
                    Send-Post -Url $Arguments.undo_url -Context $Context -Unless { Test-Undrained -Done $Arguments.done -Context $Context }
                }
            }
        }
    }
}

function Get-DrainChange {
    param($Arguments)
    Assert-Argument -Verb 'service.drain' -Arguments $Arguments -Required 'name', 'url', 'done', 'undo_url', 'settle_s'
    if ((Assert-ServiceState -Name $Arguments.name).State -cne 'Running') { return (New-Change -Changed $false -Detail @{ state = 'not running' }) }
    return (New-Change -Changed $true -Detail @{ drained = $true })
}

function Invoke-Drain {
    param($Arguments, [hashtable]$Context)
    Send-Post -Url $Arguments.url -Context $Context
    if ($null -ne $Arguments.done) { Wait-Drained -Done $Arguments.done -Context $Context }
    $left = [Math]::Max(0.0, $Context.DeadlineUp - (& $Context.Platform.Uptime))
    & $Context.Platform.Sleep ([int](1000 * [Math]::Min([double]$Arguments.settle_s, $left)))
}

function Get-RequestTime {
    # How long one request may take, in s.
    param([hashtable]$Context)
    return [Math]::Max(0.05, [Math]::Min($script:DrainRequestS, $Context.DeadlineUp - (& $Context.Platform.Uptime)))
}

function Send-Post {
    # POST until 2xx is answered, or until Unless holds: a service that has just come back may not listen yet.
    param([string]$Url, [hashtable]$Context, [scriptblock]$Unless = { $false })
    $post = @{ Reason = '' }
    $answered = Wait-Condition -Context $Context -IntervalMs 50 -Condition {
        try {
            $status = (Invoke-HttpExchange -Method 'POST' -Url $Url -TimeoutS (Get-RequestTime -Context $Context)).Status
            $post.Reason = "HTTP status $status"
            if ($status -ge 200 -and $status -lt 300) { return $true }
        } catch { $post.Reason = [string](ConvertTo-ErrorField -ErrorRecord $_).message }
        return & $Unless
    }
    if (-not $answered) { throw (New-WireError -Code 'timeout' -Message "POST ${Url}: $($post.Reason)" -Expected '2xx' -Actual $post.Reason) }
}

function Test-Undrained {
    # Whether the service itself says that it isn't drained: it never was, for one that doesn't know how to, or it is a new process.
    # Without an answer, or without a field to ask for, that can't be told.
    param($Done, [hashtable]$Context)
    if ($null -eq $Done) { return $false }
    try { $found = Get-DoneField -Done $Done -Context $Context } catch { return $false }
    return $null -ne $found -and -not (Test-Subset -Expected $Done.equals -Actual $found)
}

function Get-DoneField {
    # The field's value in the JSON answer; $null when that has none.
    param($Done, [hashtable]$Context)
    $answer = Invoke-HttpExchange -Method 'GET' -Url $Done.url -TimeoutS (Get-RequestTime -Context $Context)
    $body = ConvertTo-AnswerBody -Text $answer.Body
    if ($null -eq $body) { return $null }
    return $body.($Done.field)
}

function Wait-Drained {
    # Waits until a field of a JSON answer has its wanted value.
    param($Done, [hashtable]$Context)
    $seen = @{ Value = $null }
    $drained = Wait-Condition -Context $Context -IntervalMs 50 -Condition {
        try {
            $seen.Value = Get-DoneField -Done $Done -Context $Context
        } catch {
            $seen.Value = [string](ConvertTo-ErrorField -ErrorRecord $_).message
            return $false
        }
        return Test-Subset -Expected $Done.equals -Actual $seen.Value
    }
    if ($drained) { return }
    throw (New-WireError -Code 'timeout' -Message "$($Done.url): $($Done.field) is not yet as wanted" -Expected $Done.equals -Actual $seen.Value)
}
