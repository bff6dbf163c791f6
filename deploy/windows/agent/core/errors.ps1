# Errors with a code of deploy/wire/errors.py. The code travels in the exception's Data, so that no type of our own is needed.

function New-WireError {
    <#
    .SYNOPSIS
    Gives an exception to throw; its code, expected and actual reach the controller.
    .EXAMPLE
    throw (New-WireError -Code 'missing' -Message "no file $path")
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param(
        [Parameter(Mandatory = $true)][string]$Code,
        [Parameter(Mandatory = $true)][string]$Message,
        $Expected = $null,
        $Actual = $null,
        [string]$Where = ''
    )
    $exception = New-Object System.InvalidOperationException($Message)
    $fields = [ordered]@{ code = $Code; message = $Message }
    if ($Where) { $fields.where = $Where }
    if ($null -ne $Expected) { $fields.expected = $Expected }
    if ($null -ne $Actual) { $fields.actual = $Actual }
    $exception.Data['wire'] = ConvertTo-WireJson -Value $fields
    return $exception
}

$script:ErrorsByResult = @{
    -2147024864 = 'busy'          # sharing violation
    -2147024863 = 'busy'          # lock violation
    -2147023721 = 'busy'          # 1175: the file to be replaced can't be removed; nothing happened
    -2147023720 = 'busy'          # 1176: the new file couldn't take the place: tried again only by Move-FileOver, which looks first
    -2147023719 = 'unexpected-state' # 1177: the same, and the old file lies under another name
    -2147024784 = 'disk-full'     # disk full
    -2147024857 = 'disk-full'     # handle disk full
    -2147024891 = 'access-denied'
    -2147024894 = 'missing'       # file
    -2147024893 = 'missing'       # path
    -2147024816 = 'exists'        # file exists
    -2147024713 = 'exists'        # already exists
    -2147024690 = 'path-too-long'
}

$script:ErrorsByType = [ordered]@{
    'System.UnauthorizedAccessException'    = 'access-denied'
    'System.IO.FileNotFoundException'       = 'missing'
    'System.IO.DirectoryNotFoundException'  = 'missing'
    'System.IO.PathTooLongException'        = 'path-too-long'
    'System.TimeoutException'               = 'timeout'
}

function Get-ForeignErrorCode {
    # The code of an exception that is not ours.
    param([Exception]$Exception)
    $name = $Exception.GetType().FullName
    if ($script:ErrorsByType.Contains($name)) { return $script:ErrorsByType[$name] }
    if ($script:ErrorsByResult.ContainsKey($Exception.HResult)) { return $script:ErrorsByResult[$Exception.HResult] }
    # .NET on Linux gives errno, not an HRESULT
    if ($Exception -is [IO.IOException] -and $Exception.HResult -eq 28) { return 'disk-full' }
    return 'internal'
}

function ConvertTo-ErrorField {
    # An error record (what `catch` sees) as the wire's error object.
    param([Parameter(Mandatory = $true)]$ErrorRecord, [string]$Where = '')
    $exception = $ErrorRecord.Exception
    $deepest = $exception
    $fields = $null
    for ($at = $exception; $null -ne $at; $at = $at.InnerException) {
        if ($at.Data.Contains('wire')) { $fields = ConvertFrom-WireJson -Text $at.Data['wire']; break }
        $deepest = $at
    }
    $result = [ordered]@{}
    if ($null -ne $fields) {
        foreach ($property in $fields.PSObject.Properties) { $result[$property.Name] = $property.Value }
    } else {
        $result.code = Get-ForeignErrorCode -Exception $deepest
        $result.message = "$($deepest.Message)"
        if ($result.code -eq 'internal') {
            $place = $ErrorRecord.InvocationInfo
            if ($null -ne $place) { $result.message += " (line $($place.ScriptLineNumber) of the module)" }
        }
    }
    if ($Where -and -not $result.Contains('where')) { $result.where = $Where }
    return $result
}
