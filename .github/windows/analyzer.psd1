@{
    Severity     = @('Error', 'Warning')
    ExcludeRules = @(
        'PSAvoidUsingWriteHost'        # boot.ps1: the one way to write that constrained language allows
        'PSReviewUnusedParameter'      # handlers of one table share their parameters
        'PSUseSingularNouns'           # Access, Bytes, OnWindows: names say what is given
    )
}
