// A second desk, in another region and group, that takes over the ledger of the first; paused, with built-in roles.
using '../../../infra/main.bicep'

param environmentName = 'desk'
param location = 'northeurope'
param deployerPrincipalId = '00000000-0000-0000-0000-0000000000a1'
param vaultIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection/backupVaults/flexVault'
param vaultPrincipalIds = '00000000-0000-0000-0000-0000000000b1'

param resourceGroupName = 'rg-desk-north'
param existingStorageName = 'stdeskabcdefghijklm'
param existingStorageGroup = 'rg-desk'
param startPaused = true
param customRoles = false
param keyVaultRecover = true
param keyVaultPurgeProtection = false
