// Roles of our own in one subscription, each with the calls that the desk makes and nothing else (tests/infra/test_roles.py).
targetScope = 'subscription'

@description('Of this deployment: a role\'s name must be the only one in its tenant.')
param token string

param kinds ('restorer' | 'poller' | 'crossRegion' | 'containerKeeper')[]

var vault = 'Microsoft.DataProtection/backupVaults'
var region = 'Microsoft.DataProtection/subscriptions/resourceGroups/providers/locations'
var storage = 'Microsoft.Storage/storageAccounts'
var roles = {
  // on a backup vault
  restorer: {
    title: 'Restorer'
    about: 'Reads a backup vault, its instances, points and jobs; validates and starts restores. Changes no backup.'
    actions: [
      '${vault}/read'
      '${vault}/backupInstances/read'
      '${vault}/backupInstances/recoveryPoints/read'
      '${vault}/backupInstances/validateRestore/action'
      '${vault}/backupInstances/restore/action'
      '${vault}/backupInstances/operationResults/read'
      '${vault}/operationStatus/read'
      '${vault}/operationResults/read'
      '${vault}/backupJobs/read'
      '${vault}/backupResourceGuardProxies/read'
    ]
  }
  // on a vault's subscription
  poller: {
    title: 'Poller'
    about: 'Reads how operations of backup vaults go, where Azure answers with a URL of a region.'
    actions: [
      'Microsoft.DataProtection/locations/operationStatus/read'
      'Microsoft.DataProtection/locations/operationResults/read'
    ]
  }
  // on a vault's resource group
  crossRegion: {
    title: 'Cross-region'
    about: 'Restores from the paired region: these calls are made on the resource group, not on the vault.'
    actions: [
      '${region}/fetchSecondaryRecoveryPoints/action'
      '${region}/validateCrossRegionRestore/action'
      '${region}/crossRegionRestore/action'
      '${region}/fetchCrossRegionRestoreJob/action'
      '${region}/fetchCrossRegionRestoreJobs/action'
      'Microsoft.DataProtection/subscriptions/resourceGroups/providers/operationStatus/read'
    ]
  }
  // on an account that holds restored files and nothing else; no data action: the files stay closed to the desk
  containerKeeper: {
    title: 'Container keeper'
    about: 'Makes and deletes blob containers of one storage account, and reads no file in them.'
    actions: [
      '${storage}/read'
      '${storage}/blobServices/read'
      '${storage}/blobServices/containers/read'
      '${storage}/blobServices/containers/write'
      '${storage}/blobServices/containers/delete'
    ]
  }
}

resource definitions 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for kind in kinds: {
    name: guid(subscription().id, token, kind)
    properties: {
      roleName: 'Restore Desk ${roles[kind].title} ${uniqueString(subscription().id, token)}'
      description: roles[kind].about
      type: 'CustomRole'
      permissions: [{ actions: roles[kind].actions, notActions: [], dataActions: [], notDataActions: [] }]
      assignableScopes: [subscription().id]
    }
  }
]
