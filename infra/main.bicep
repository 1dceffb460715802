// What `azd up` makes: one resource group with the desk in it, and the desk's roles on your backup vaults.
targetScope = 'subscription'
import { builtIn, deployer, principalId, storagePlace, vault } from 'types.bicep'

@description('Names the deployment; azd asks for it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('The region of everything here. Flex Consumption and Python 3.13 must be offered in it.')
@minLength(1)
param location string

@description('Empty for rg-<environment name>. A second desk in another region takes a group of its own.')
@maxLength(90)
param resourceGroupName string = ''

@description('Who runs the deployment: gets Key Vault Secrets Officer and Storage Queue Data Reader here. azd fills it.')
param deployerPrincipalId principalId = ''

@allowed(['User', 'Group', 'ServicePrincipal'])
param deployerPrincipalType string = 'User'

@description('ARM ids of the backup vaults whose instances the desk restores, with commas between them; any resource group, any subscription.')
param vaultIds string = ''

@description('Object ids of the identities that those vaults restore with, in the same order; `deskctl doctor --before` prints the line. Without them the vaults get no roles on targets.')
param vaultPrincipalIds string = ''

@description('False for those who may not assign roles on the vaults: `deskctl doctor --print-roles` prints the lines for who may.')
param assignRoles bool = true

@description('False where the vaults\' identities have their roles on the targets already: Azure refuses a second assignment of the same role.')
param assignTargetRoles bool = true

@description('Roles of our own with the desk\'s calls and no more. False for those who may not define roles: then Backup Operator and Reader.')
param customRoles bool = true

@description('Also give the desk its cross-region role on the resource groups of the vaults: those calls are made on the group, not on the vault.')
param crossRegionRestore bool = false

@description('Object ids of the service principals that may put requests on the queue, with commas between them.')
param senderPrincipalIds string = ''

@description('Settings that are secrets, with commas between them: every env = "…" of desk.toml, and DESK_HEALTH_KEY. FOO_BAR is the Key Vault\'s foo-bar.')
param settingsFromKeyVault string = 'DESK_HEALTH_KEY'

@description('ARM ids of existing containers that restores go to: each vault\'s identity gets Storage Blob Data Contributor on them.')
param targetContainerIds string = ''

@description('ARM ids of existing storage accounts of `account` targets, which hold nothing else: the desk makes and deletes containers there, each vault\'s identity writes.')
param targetAccountIds string = ''

@description('Name of a container for restored files, made in an account of its own; empty for none.')
@maxLength(63)
param newTargetContainer string = ''

@description('Make that account for an `account` target: it holds a container a restore.')
param newTargetAccount bool = false

@description('Days after which files in that account are deleted whatever happens: they are dumps of production data.')
@minValue(1)
@maxValue(365)
param targetContainerDays int = 14

@description('ARM ids of Key Vault secrets with database passwords, for restores as database: each vault\'s identity gets Key Vault Secrets User on them.')
param targetCredentialIds string = ''

@description('ARM ids of the servers that restores as database go to: each vault\'s identity gets Reader on their resource groups.')
param targetServerIds string = ''

@description('Storage and Key Vault behind private endpoints, the app in a virtual network. About 7 USD a month for each of the four endpoints.')
param privateEndpoints bool = false

@description('With private endpoints: IPv4 addresses or ranges that get in from outside, with commas between them; yours, to deploy and to set secrets.')
param allowedIps string = ''

@description('Instances kept warm for HTTP. One of 2048 MB costs about 21 USD a month while it idles (docs/deploy.md, What it costs); 0 saves that, and then a webhook may wait for a cold start longer than the 10 s GitHub gives it.')
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

@description('The storage account, and its resource group here, of a desk that this one takes over from; empty for an account of its own.')
@maxLength(24)
param existingStorageName string = ''

@maxLength(90)
param existingStorageGroup string = ''

@description('While it is true nothing is submitted: for a desk that takes over the ledger of another.')
param startPaused bool = false

@description('True after `azd down`: a Key Vault with purge protection keeps its name for 90 days, and this brings it back.')
param keyVaultRecover bool = false

param keyVaultPurgeProtection bool = true

@description('Where people reach the desk (https://…), for links in notices; empty for the app\'s own address.')
param publicUrl string = ''

@description('Client id of the app registration that signs people in to the page; empty leaves sign-in off.')
param pageClientId string = ''

@description('Image of the loader, which verifies restored files; empty for none.')
param loaderImage string = ''

@description('ARM id of the Azure Container Registry that image lies in; empty where anybody may pull it.')
param loaderRegistryId string = ''

@description('NCRONTAB of the sweep; empty for each 30 seconds. (azd would read the pattern in a default with */.)')
param sweepSchedule string = ''

@description('Of the Data Protection API.')
param dataProtectionApiVersion string = '2024-04-01'

func listed(text string) string[] => filter(split(replace(text, ' ', ''), ','), one => !empty(one))

var token = uniqueString(subscription().id, environmentName, location)
var groupName = empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
var tags = { 'azd-env-name': environmentName }
var person deployer = { principalId: deployerPrincipalId, principalType: deployerPrincipalType }
var principals = listed(vaultPrincipalIds)
var vaults vault[] = [
  for (id, i) in listed(vaultIds): { id: id, principalId: i < length(principals) ? principals[i] : '' }
]
var vaultSubscriptions = union(map(vaults, one => toLower(split(one.id, '/')[2])), [])
var targetMade = newTargetAccount || !empty(newTargetContainer)
var targetName = 'sttarget${token}'
var targetId = resourceId(subscription().subscriptionId, groupName, 'Microsoft.Storage/storageAccounts', targetName)
// where `account` targets lie, made here or before: the desk makes and deletes containers there
var accounts = concat(listed(targetAccountIds), newTargetAccount ? [targetId] : [])
var accountSubscriptions = customRoles ? union(map(accounts, one => toLower(split(one, '/')[2])), []) : []
var containers = concat(
  listed(targetContainerIds),
  empty(newTargetContainer) ? [] : ['${targetId}/blobServices/default/containers/${newTargetContainer}']
)
var takesOver = !empty(existingStorageName)
var loads = !empty(loaderImage)
var storagePlaceHere storagePlace = {
  group: takesOver ? existingStorageGroup : groupName
  account: takesOver ? existingStorageName : 'stdesk${token}'
  packages: takesOver ? 'app-package-${token}' : 'app-package'
}
var keyVaultName = 'kv-${token}'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: groupName
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  scope: group
  params: { name: 'id-desk-${token}', location: location, tags: tags }
}

module network 'network.bicep' = if (privateEndpoints) {
  scope: group
  params: { name: 'vnet-desk-${token}', location: location, tags: tags }
}

module monitoring 'monitoring.bicep' = {
  scope: group
  params: { name: 'desk-${token}', location: location, tags: tags }
}

module storage 'storage.bicep' = if (!takesOver) {
  scope: group
  params: {
    name: storagePlaceHere.account
    location: location
    tags: tags
    sku: storageSku
    lockLedger: lockLedger
    privateOnly: privateEndpoints
    allowedIps: privateEndpoints ? listed(allowedIps) : []
    workspaceId: monitoring.outputs.workspaceId
  }
}

module storageParts 'storage-parts.bicep' = {
  scope: resourceGroup(storagePlaceHere.group)
  params: { accountName: storagePlaceHere.account, packages: storagePlaceHere.packages }
  dependsOn: [group, storage]
}

module keyVault 'key-vault.bicep' = {
  scope: group
  params: {
    name: keyVaultName
    location: location
    tags: tags
    privateOnly: privateEndpoints
    allowedIps: privateEndpoints ? listed(allowedIps) : []
    recover: keyVaultRecover
    purgeProtection: keyVaultPurgeProtection
    workspaceId: monitoring.outputs.workspaceId
  }
}

module endpoints 'private-endpoints.bicep' = if (privateEndpoints) {
  scope: group
  params: {
    location: location
    tags: tags
    networkId: privateEndpoints ? network!.outputs.id : ''
    subnetId: privateEndpoints ? network!.outputs.endpointSubnetId : ''
    storageId: resourceId(
      subscription().subscriptionId,
      storagePlaceHere.group,
      'Microsoft.Storage/storageAccounts',
      storagePlaceHere.account
    )
    keyVaultId: keyVault.outputs.id
  }
  dependsOn: [storageParts]
}

module target 'target-account.bicep' = if (targetMade) {
  scope: group
  params: {
    name: targetName
    container: newTargetContainer
    days: targetContainerDays
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

// An assignment's name must hold the principal, and only Azure knows that: a preview cannot look behind it.
module rbac 'rbac.bicep' = {
  scope: group
  params: {
    #disable-next-line what-if-short-circuiting
    desk: identity.outputs.principalId
    keyVaultName: keyVaultName
    insightsName: 'appi-desk-${token}'
    person: person
  }
  dependsOn: [keyVault, monitoring]
}

module rbacStorage 'rbac-storage.bicep' = {
  scope: resourceGroup(storagePlaceHere.group)
  params: {
    #disable-next-line what-if-short-circuiting
    desk: identity.outputs.principalId
    accountName: storagePlaceHere.account
    senders: listed(senderPrincipalIds)
    person: person
  }
  dependsOn: [storageParts]
}

module vaultRoleDefinitions 'roles.bicep' = [
  for id in (assignRoles && customRoles ? vaultSubscriptions : []): {
    scope: subscription(id)
    params: { token: token, kinds: crossRegionRestore ? ['restorer', 'poller', 'crossRegion'] : ['restorer', 'poller'] }
  }
]

module accountRoleDefinitions 'roles.bicep' = [
  for id in (assignRoles ? accountSubscriptions : []): {
    scope: subscription(id)
    params: { token: token, kinds: ['containerKeeper'] }
  }
]

module vaultRoles 'rbac-vault.bicep' = [
  for one in (assignRoles ? vaults : []): {
    scope: resourceGroup(split(one.id, '/')[2], split(one.id, '/')[4])
    params: {
      #disable-next-line what-if-short-circuiting
      principalId: identity.outputs.principalId
      vaultName: split(one.id, '/')[8]
      crossRegionRestore: crossRegionRestore
      customRoles: customRoles
      token: token
    }
    dependsOn: [vaultRoleDefinitions]
  }
]

module pollerRoles 'rbac-subscription.bicep' = [
  for id in (assignRoles && customRoles ? vaultSubscriptions : []): {
    scope: subscription(id)
    params: {
      #disable-next-line what-if-short-circuiting
      principalId: identity.outputs.principalId
      roleId: guid('/subscriptions/${id}', token, 'poller')
    }
    dependsOn: [vaultRoleDefinitions]
  }
]

// without roles of our own nobody makes containers by themselves: an `account` target needs a role that may
module keeperRoles 'rbac-account.bicep' = [
  for id in (assignRoles && customRoles ? accounts : []): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      #disable-next-line what-if-short-circuiting
      principalId: identity.outputs.principalId
      accountName: split(id, '/')[8]
      roleId: guid('/subscriptions/${toLower(split(id, '/')[2])}', token, 'containerKeeper')
    }
    dependsOn: [accountRoleDefinitions, target]
  }
]

module targetRoles 'rbac-targets.bicep' = [
  for one in (assignTargetRoles ? filter(vaults, each => !empty(each.principalId)) : []): {
    params: {
      principal: one.principalId
      accounts: accounts
      containers: containers
      credentials: listed(targetCredentialIds)
      servers: listed(targetServerIds)
    }
    dependsOn: [target]
  }
]

module app 'app.bicep' = {
  scope: group
  params: {
    name: 'func-desk-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storage: storagePlaceHere
    keyVaultName: keyVaultName
    settingsFromKeyVault: listed(settingsFromKeyVault)
    insightsConnectionString: monitoring.outputs.connectionString
    httpAlwaysReady: httpAlwaysReady
    instanceMemoryMB: instanceMemoryMB
    retentionDays: retentionDays
    sweepSchedule: empty(sweepSchedule) ? '*/30 * * * * *' : sweepSchedule
    dataProtectionApiVersion: dataProtectionApiVersion
    subnetId: privateEndpoints ? network!.outputs.appSubnetId : ''
    publicUrl: publicUrl
    startPaused: startPaused
    page: { clientId: pageClientId }
  }
  dependsOn: [rbac, rbacStorage, endpoints]
}

module loaderIdentity 'identity.bicep' = if (loads) {
  scope: group
  params: { name: 'id-loader-${token}', location: location, tags: tags }
}

module loaderOnQueues 'rbac-loader.bicep' = if (loads) {
  scope: resourceGroup(storagePlaceHere.group)
  params: {
    #disable-next-line what-if-short-circuiting
    loader: loads ? loaderIdentity!.outputs.principalId : ''
    accountName: storagePlaceHere.account
  }
  dependsOn: [storageParts]
}

module loaderOnAccounts 'rbac-account.bicep' = [
  for id in (loads ? accounts : []): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      #disable-next-line what-if-short-circuiting
      principalId: loaderIdentity!.outputs.principalId
      accountName: split(id, '/')[8]
      roleId: builtIn.StorageBlobDataReader
    }
    dependsOn: [target]
  }
]

module loaderOnRegistry 'rbac-registry.bicep' = if (loads && !empty(loaderRegistryId)) {
  scope: resourceGroup(
    empty(loaderRegistryId) ? subscription().subscriptionId : split(loaderRegistryId, '/')[2],
    empty(loaderRegistryId) ? groupName : split(loaderRegistryId, '/')[4]
  )
  params: {
    #disable-next-line what-if-short-circuiting
    loader: loads ? loaderIdentity!.outputs.principalId : ''
    registryName: last(split(loaderRegistryId, '/'))
  }
}

module loader 'loader.bicep' = if (loads) {
  scope: group
  params: {
    name: 'job-loader-${token}'
    location: location
    tags: tags
    identityId: loads ? loaderIdentity!.outputs.id : ''
    identityClientId: loads ? loaderIdentity!.outputs.clientId : ''
    storageName: storagePlaceHere.account
    workspaceId: monitoring.outputs.workspaceId
    image: loaderImage
    registryId: loaderRegistryId
  }
  dependsOn: [loaderOnAccounts, loaderOnQueues, loaderOnRegistry]
}

module alerts 'alerts.bicep' = {
  scope: group
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId, email: alertEmail }
}

module workbook 'workbook.bicep' = {
  scope: group
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId }
}

output AZURE_RESOURCE_GROUP string = groupName
output DESK_URL string = empty(publicUrl) ? app.outputs.url : publicUrl
output DESK_FUNCTION_APP string = 'func-desk-${token}'
output DESK_KEY_VAULT string = keyVaultName
output DESK_STORAGE_ACCOUNT string = storagePlaceHere.account
output DESK_STORAGE_GROUP string = storagePlaceHere.group
output DESK_PRINCIPAL_ID string = identity.outputs.principalId
output DESK_TARGET_ACCOUNT string = targetMade ? targetName : ''
output DESK_TARGET_ACCOUNT_ID string = targetMade ? targetId : ''
output DESK_TARGET_CONTAINER_IDS string = join(containers, ',')
