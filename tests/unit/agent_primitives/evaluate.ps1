# Evaluates expressions within the module under test: standard input is a JSON list of texts, standard output one of results.
param([string]$Module)

$loaded = Import-Module -Name $Module -PassThru -DisableNameChecking
$texts = [Console]::In.ReadToEnd()
& $loaded {
    param($Texts)
    $results = @(foreach ($text in @(ConvertFrom-WireJson -Text $Texts)) {
            try { @{ value = (& ([ScriptBlock]::Create($text))) } } catch { @{ error = (ConvertTo-ErrorField -ErrorRecord $_) } }
        })
    [Console]::Out.Write((ConvertTo-WireJson -Value $results))
} $texts
