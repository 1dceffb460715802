// The loader: a job that takes one verification from the queue, loads the restored files, answers and ends.
// It has an identity of its own, which reads dumps and queues and nothing else: neither vaults nor ledger.
import { deskTags } from 'types.bicep'

param name string
param location string
param tags deskTags
param identityId string
param identityClientId string
param storageName string
param workspaceId string

@description('As pushed: registry/name@sha256:…')
param image string

@description('ARM id of its Azure Container Registry; empty where anybody may pull it.')
param registryId string

@description('Seconds that one verification may take.')
param timeout int = 14400

resource place 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${name}'
  location: location
  tags: tags
  properties: { appLogsConfiguration: { destination: 'azure-monitor' } }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'desk'
  scope: place
  properties: { workspaceId: workspaceId, logs: [{ category: 'ContainerAppConsoleLogs', enabled: true }] }
}

resource job 'Microsoft.App/jobs@2025-07-01' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    environmentId: place.id
    configuration: {
      triggerType: 'Event'
      replicaTimeout: timeout
      replicaRetryLimit: 0 // a load that ends without an answer comes back to its queue by itself
      registries: empty(registryId) ? [] : [{ server: split(image, '/')[0], identity: identityId }]
      eventTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
        scale: {
          minExecutions: 0
          maxExecutions: 2
          rules: [
            {
              name: 'restore-loads'
              type: 'azure-queue'
              identity: identityId
              metadata: {
                accountName: storageName
                queueName: 'restore-loads'
                queueLength: '1'
                queueLengthStrategy: 'visibleonly'
              }
            }
          ]
        }
      }
    }
    template: {
      volumes: [{ name: 'tmp', storageType: 'EmptyDir' }]
      containers: [
        {
          name: 'loader'
          image: image
          args: ['work', '--once']
          resources: { cpu: json('2'), memory: '4Gi' }
          env: [
            {
              name: 'AzureWebJobsStorage__queueServiceUri'
              value: 'https://${storageName}.queue.${environment().suffixes.storage}/'
            }
            { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
            { name: 'AZURE_CLIENT_ID', value: identityClientId }
          ]
          volumeMounts: [{ volumeName: 'tmp', mountPath: '/tmp' }]
        }
      ]
    }
  }
}
