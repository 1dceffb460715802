// Roles in the desk's own resource group: secrets and metrics for the desk, secrets for who deploys.
import { builtIn, deployer, principalId } from 'types.bicep'

param desk principalId
param keyVaultName string
param insightsName string
param person deployer

resource keyVault 'Microsoft.KeyVault/vaults@2026-05-15' existing = {
  name: keyVaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource keyVaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(keyVault.id, desk, builtIn.KeyVaultSecretsUser)
  scope: keyVault
  properties: {
    principalId: desk
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.KeyVaultSecretsUser)
  }
}

// `az keyvault secret set` is refused without it, even to an owner
resource personRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(person.principalId)) {
  name: guid(keyVault.id, person.principalId, builtIn.KeyVaultSecretsOfficer)
  scope: keyVault
  properties: {
    principalId: person.principalId
    principalType: person.principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.KeyVaultSecretsOfficer)
  }
}

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, desk, builtIn.MonitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: desk
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.MonitoringMetricsPublisher
    )
  }
}
