// The loader pulls its image from one Azure Container Registry.
import { builtIn, principalId } from 'types.bicep'

param loader principalId
param registryName string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, loader, builtIn.AcrPull)
  scope: registry
  properties: {
    principalId: loader
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.AcrPull)
  }
}
