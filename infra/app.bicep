// The function app on Flex Consumption, Python 3.13, and every setting it reads.
param name string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param packageContainer string
param keyVaultName string
param secrets object
param insightsConnectionString string
param httpAlwaysReady int
param instanceMemoryMB int
param retentionDays int
param sweepSchedule string
param dataProtectionApiVersion string
param subnetId string

@description('HTTP calls at once on one instance; the default for Python is 1, which would make each webhook start an instance.')
param httpConcurrency int = 16

@description('Sync functions run in a pool of threads: as many as HTTP calls or queue messages (batchSize 8 + newBatchThreshold 4) can come at once.')
param threads int = 16

@description('40 is the least the platform takes.')
param maximumInstanceCount int = 40

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

var settings = [
  { name: 'AzureWebJobsStorage__blobServiceUri', value: storage.properties.primaryEndpoints.blob }
  { name: 'AzureWebJobsStorage__queueServiceUri', value: storage.properties.primaryEndpoints.queue }
  { name: 'AzureWebJobsStorage__tableServiceUri', value: storage.properties.primaryEndpoints.table }
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
  { name: 'PYTHON_THREADPOOL_THREAD_COUNT', value: string(threads) }
  { name: 'ARM_ENDPOINT', value: environment().resourceManager }
  { name: 'DATA_PROTECTION_API_VERSION', value: dataProtectionApiVersion }
  { name: 'DESK_CONFIG', value: 'desk.toml' }
  { name: 'RETENTION_DAYS', value: string(retentionDays) }
  { name: 'SWEEP_SCHEDULE', value: sweepSchedule }
]
// no version in the reference: a new one is taken up within a day, or at once by a restart
var references = [
  for secret in items(secrets): {
    name: secret.key
    value: '@Microsoft.KeyVault(VaultName=${keyVaultName};SecretName=${secret.value})'
  }
]

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'desk' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: httpAlwaysReady > 0 ? [{ name: 'http', instanceCount: httpAlwaysReady }] : []
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      appSettings: concat(settings, references)
    }
  }

  // no passwords into the deployment endpoint
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
