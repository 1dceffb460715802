// The page with sign-in, an account target and the loader that verifies what is in it.
using '../../../infra/main.bicep'

param environmentName = 'desk'
param location = 'westeurope'
param deployerPrincipalId = '00000000-0000-0000-0000-0000000000a1'
param vaultIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection/backupVaults/flexVault'
param vaultPrincipalIds = '00000000-0000-0000-0000-0000000000b1'

param newTargetAccount = true
param publicUrl = 'https://restores.example.com'
param pageClientId = '00000000-0000-0000-0000-0000000000d1'
param loaderImage = 'deskimages.azurecr.io/restore-desk-loader@sha256:0000000000000000000000000000000000000000000000000000000000000000'
param loaderRegistryId = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/deskimages'
