// Private ways to the desk's storage (blob, queue, table) and Key Vault, and the names that lead there.
import { deskTags } from 'types.bicep'

param location string
param tags deskTags
param networkId string
param subnetId string
param storageId string
param keyVaultId string

var ways = [
  { service: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
  { service: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}' }
  { service: 'table', zone: 'privatelink.table.${environment().suffixes.storage}' }
  {
    service: 'vault'
    zone: replace(environment().suffixes.keyvaultDns, '.vault.', 'privatelink.vaultcore.')
  }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for way in ways: {
    name: way.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (way, i) in ways: {
    parent: zones[i]
    name: 'desk'
    location: 'global'
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2026-03-01' = [
  for way in ways: {
    name: 'pe-desk-${way.service}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: way.service
          properties: { privateLinkServiceId: way.service == 'vault' ? keyVaultId : storageId, groupIds: [way.service] }
        }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01' = [
  for (way, i) in ways: {
    parent: endpoints[i]
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: way.service, properties: { privateDnsZoneId: zones[i].id } }] }
  }
]
