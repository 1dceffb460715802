// Private endpoints with one way in, cross-region restores, two vaults in two subscriptions.
using '../../../infra/main.bicep'

param environmentName = 'desk'
param location = 'westeurope'

param deployerPrincipalId = '00000000-0000-0000-0000-0000000000a1'
param vaultIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection/backupVaults/flexVault,/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/geoRG/providers/Microsoft.DataProtection/backupVaults/geoVault'
param vaultPrincipalIds = '00000000-0000-0000-0000-0000000000b1,00000000-0000-0000-0000-0000000000b2'
param privateEndpoints = true
param allowedIps = '203.0.113.7'
param crossRegionRestore = true
param newTargetContainer = 'drills'
param targetServerIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/targetrg/providers/Microsoft.DBforPostgreSQL/servers/a,/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/targetrg/providers/Microsoft.DBforPostgreSQL/servers/b'
param targetCredentialIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/targetrg/providers/Microsoft.KeyVault/vaults/restore-desk-kv/secrets/dbauth3'
