// The desk's one identity: user-assigned, so that its roles are there before the app starts.
import { deskTags } from 'types.bicep'

param name string
param location string
param tags deskTags

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
