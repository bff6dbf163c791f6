# All primitive verbs.

function Get-PrimitiveTable {
    <#
    .SYNOPSIS
    The primitive verbs of docs/protocol.md: verb -> @{ Do; Describe; Capture; Undo; Settled }, see README.md.
    #>
    $table = @{}
    foreach ($part in @(
            Get-FolderPrimitive
            Get-FilePrimitive
            Get-ComposePrimitive
            Get-ServicePrimitive
            Get-HealthPrimitive
            Get-DrainPrimitive
            Get-AdoptionPrimitive
            Get-RegistryPrimitive
            Get-FirewallPrimitive
            Get-InstallationPrimitive
            Get-AttestationPrimitive
        )) {
        foreach ($verb in $part.Keys) { $table[$verb] = $part[$verb] }
    }
    return $table
}
