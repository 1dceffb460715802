// What `azd up` makes: one resource group with the desk in it, and the desk's roles on your backup vaults.
targetScope = 'subscription'

@description('Names the deployment; azd asks for it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('The region of everything here. Flex Consumption and Python 3.13 must be offered in it.')
@minLength(1)
param location string

@description('ARM ids of the backup vaults whose instances the desk restores, with commas between them; any resource group, any subscription.')
param vaultIds string = ''

@description('False for those who may not assign roles on the vaults: `python3 -m deskctl doctor --print-roles` prints the lines for who may.')
param assignRoles bool = true

@description('Also give the desk Backup Operator on the resource groups of the vaults: cross-region restores are calls on the group, not on the vault.')
param crossRegionRestore bool = false

@description('Object ids of the service principals that may put requests on the queue, with commas between them.')
param senderPrincipalIds string = ''

@description('Setting name to Key Vault secret name, for every env = "…" of desk.toml.')
param secrets object = {}

@description('ARM ids of existing containers that restores go to: each vault\'s own identity gets Storage Blob Data Contributor on them.')
param targetContainerIds string = ''

@description('Name of a container for restored files, made in an account of its own; empty for none.')
param newTargetContainer string = ''

@description('Days after which restored files in that container are deleted: they are dumps of production data.')
@minValue(1)
@maxValue(365)
param targetContainerDays int = 14

@description('ARM ids of Key Vault secrets with database passwords, for restores as database: each vault\'s own identity gets Key Vault Secrets User on them.')
param targetSecretIds string = ''

@description('ARM ids of the servers that restores as database go to: each vault\'s own identity gets Reader on their resource groups.')
param targetServerIds string = ''

@description('Storage and Key Vault behind private endpoints, the app in a virtual network. About 7 USD a month for each of the four endpoints.')
param privateEndpoints bool = false

@description('Instances kept warm for HTTP. One of 2048 MB costs about 21 USD a month while it idles (list price, East US, 2025: see aka.ms/functions-pricing); 0 saves that, and then a webhook may wait for a cold start longer than the 10 s GitHub gives it.')
@minValue(0)
@maxValue(20)
param httpAlwaysReady int = 1

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Days until a closed restore is removed from the ledger; 0 keeps all.')
@minValue(0)
@maxValue(3650)
param retentionDays int = 400

@description('Who gets the alerts; empty for none by mail.')
param alertEmail string = ''

@description('ZRS survives a zone; GZRS can be failed over to another region (docs: what that means for restores not yet submitted); LRS for regions without zones.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('A lock, so that nobody deletes the ledger by a slip; remove it before azd down.')
param lockLedger bool = true

@description('NCRONTAB of the sweep.')
param sweepSchedule string = '*/30 * * * * *'

@description('Of the Data Protection API.')
param dataProtectionApiVersion string = '2024-04-01'

var token = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }
var vaults = empty(vaultIds) ? [] : split(replace(vaultIds, ' ', ''), ',')
var senders = empty(senderPrincipalIds) ? [] : split(replace(senderPrincipalIds, ' ', ''), ',')
var containers = empty(targetContainerIds) ? [] : split(replace(targetContainerIds, ' ', ''), ',')
var targetSecrets = empty(targetSecretIds) ? [] : split(replace(targetSecretIds, ' ', ''), ',')
var servers = empty(targetServerIds) ? [] : split(replace(targetServerIds, ' ', ''), ',')

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-desk-${token}', location: location, tags: tags }
}

module network 'network.bicep' = if (privateEndpoints) {
  name: 'network'
  scope: group
  params: { name: 'vnet-desk-${token}', location: location, tags: tags }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'stdesk${token}'
    location: location
    tags: tags
    sku: storageSku
    lockLedger: lockLedger
    publicAccess: !privateEndpoints
  }
}

module keyVault 'key-vault.bicep' = {
  name: 'key-vault'
  scope: group
  params: { name: 'kv-${token}', location: location, tags: tags, publicAccess: !privateEndpoints }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: { name: 'desk-${token}', location: location, tags: tags }
}

module endpoints 'private-endpoints.bicep' = if (privateEndpoints) {
  name: 'private-endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    networkId: privateEndpoints ? network!.outputs.id : ''
    subnetId: privateEndpoints ? network!.outputs.endpointSubnetId : ''
    storageId: storage.outputs.id
    keyVaultId: keyVault.outputs.id
  }
}

module rbac 'rbac.bicep' = {
  name: 'rbac'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    keyVaultName: keyVault.outputs.name
    insightsName: monitoring.outputs.insightsName
    senders: senders
    vaults: assignRoles ? vaults : []
    crossRegionRestore: crossRegionRestore
    containers: assignRoles ? containers : []
    secrets: assignRoles ? targetSecrets : []
    servers: assignRoles ? servers : []
    newContainerAccount: empty(newTargetContainer) ? '' : 'sttarget${token}'
    newContainer: newTargetContainer
  }
  dependsOn: [target]
}

module target 'target-container.bicep' = if (!empty(newTargetContainer)) {
  name: 'target-container'
  scope: group
  params: {
    accountName: 'sttarget${token}'
    container: newTargetContainer
    days: targetContainerDays
    location: location
    tags: tags
  }
}

module app 'app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-desk-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    keyVaultName: keyVault.outputs.name
    secrets: secrets
    insightsConnectionString: monitoring.outputs.connectionString
    httpAlwaysReady: httpAlwaysReady
    instanceMemoryMB: instanceMemoryMB
    retentionDays: retentionDays
    sweepSchedule: sweepSchedule
    dataProtectionApiVersion: dataProtectionApiVersion
    subnetId: privateEndpoints ? network!.outputs.appSubnetId : ''
  }
  dependsOn: [rbac, endpoints]
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId, email: alertEmail }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId }
}

output AZURE_RESOURCE_GROUP string = group.name
output DESK_URL string = app.outputs.url
output DESK_FUNCTION_APP string = app.outputs.name
output DESK_KEY_VAULT string = keyVault.outputs.name
output DESK_STORAGE_ACCOUNT string = storage.outputs.name
output DESK_PRINCIPAL_ID string = identity.outputs.principalId
