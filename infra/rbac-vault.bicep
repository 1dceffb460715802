// The desk's roles on one backup vault, in the vault's own resource group.
param principalId string
param vaultName string
param roleIds array

@description('On the whole resource group: cross-region calls are made there.')
param groupRoleIds array

resource vault 'Microsoft.DataProtection/backupVaults@2024-04-01' existing = {
  name: vaultName
}

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roleIds: {
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
  for role in groupRoleIds: {
    name: guid(resourceGroup().id, principalId, role)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]
