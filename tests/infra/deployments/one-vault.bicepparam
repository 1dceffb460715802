// One vault, one container that is there already, one sender, secrets of two channels.
using '../../../infra/main.bicep'

param environmentName = 'desk'
param location = 'westeurope'
param deployerPrincipalId = '00000000-0000-0000-0000-0000000000a1'
param vaultIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection/backupVaults/flexVault'
param vaultPrincipalIds = '00000000-0000-0000-0000-0000000000b1'
param targetContainerIds = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/targetrg/providers/Microsoft.Storage/storageAccounts/testossstorageaccount/blobServices/default/containers/drills'

param senderPrincipalIds = '00000000-0000-0000-0000-0000000000c1'
param settingsFromKeyVault = 'DESK_HEALTH_KEY,TEAMS_URL,JIRA_TOKEN'
param alertEmail = 'dba@example.com'
