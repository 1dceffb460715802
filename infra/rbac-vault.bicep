// The desk's roles on one backup vault, in the vault's own resource group.
import { builtIn } from 'types.bicep'

param principalId string
param vaultName string
param crossRegionRestore bool

@description('False: Backup Operator and Reader, for those who may not define roles; they hold more than the desk needs.')
param customRoles bool

@description('As in roles.bicep.')
param token string

resource vault 'Microsoft.DataProtection/backupVaults@2026-07-01' existing = {
  name: vaultName
}

var onVaultIds = customRoles ? [guid(subscription().id, token, 'restorer')] : [builtIn.BackupOperator, builtIn.Reader]
var onGroupIds = !crossRegionRestore
  ? []
  : [customRoles ? guid(subscription().id, token, 'crossRegion') : builtIn.BackupOperator]

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onVaultIds: {
    name: guid(vault.id, principalId, role)
    scope: vault
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource onGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onGroupIds: {
    name: guid(resourceGroup().id, principalId, role)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]
