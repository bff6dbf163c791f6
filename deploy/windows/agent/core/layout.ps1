# Where things lie under the root.

$script:TransactionName = '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$'

function Get-Layout {
    <#
    .SYNOPSIS
    All paths of the host half under a root.
    #>
    param([Parameter(Mandatory = $true)][string]$Root)
    $state = [IO.Path]::Combine($Root, 'state')
    $agent = [IO.Path]::Combine($Root, 'infrastructure', 'agent')
    return @{
        State         = $state
        Transactions  = [IO.Path]::Combine($state, 'transactions')
        Incoming      = [IO.Path]::Combine($state, 'incoming')
        Lock          = [IO.Path]::Combine($state, 'lock.json')
        Executor      = [IO.Path]::Combine($state, 'executor.json')
        Releases      = [IO.Path]::Combine($state, 'releases.json')
        Adopted       = [IO.Path]::Combine($state, 'adopted')
        Agent         = $agent
        ExecutorEntry = [IO.Path]::Combine($agent, 'executor.ps1')
    }
}

function Get-TransactionPath {
    # Journal, data folder and cancel marker of a transaction; refuses a name that is no plain file name.
    param([string]$Root, [string]$Tx)
    if ($Tx -cnotmatch $script:TransactionName) { throw (New-WireError -Code 'bad-request' -Message "no transaction name: $Tx") }
    $base = [IO.Path]::Combine((Get-Layout -Root $Root).Transactions, $Tx)
    return @{ Tx = $Tx; Journal = "$base.journal"; Data = "$base.d"; Cancel = "$base.cancel" }
}

function Initialize-State {
    # The state folders: the outer one first, so that the inner ones inherit its access list.
    param([string]$Root)
    $layout = Get-Layout -Root $Root
    New-ProtectedFolder -Path $layout.State
    New-ProtectedFolder -Path $layout.Transactions
    New-ProtectedFolder -Path $layout.Incoming
}

function Resolve-DataFile {
    <#
    .SYNOPSIS
    The full path of the data stream that a step's argument names.
    #>
    param([Parameter(Mandatory = $true)][hashtable]$Context, [Parameter(Mandatory = $true)]$Reference)
    $name = if ($null -ne $Reference.file) { [string]$Reference.file } else { "data-$($Reference.data)" }
    if ($name -cnotmatch '^data-[0-9]{1,6}$') { throw (New-WireError -Code 'bad-request' -Message 'a data argument names no data stream') }
    $path = [IO.Path]::Combine($Context.DataFolder, $name)
    if (-not [IO.File]::Exists($path)) { throw (New-WireError -Code 'bad-request' -Message "the request brought no stream $name") }
    return $path
}
