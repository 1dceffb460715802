// The function app on Flex Consumption, Python 3.13, and every setting it reads.
import { deskTags, signIn, storagePlace } from 'types.bicep'

param name string
param location string
param tags deskTags
param identityId string
param identityClientId string
param storage storagePlace
param keyVaultName string

@description('Settings whose value is a secret of the Key Vault: FOO_BAR is its secret foo-bar.')
param settingsFromKeyVault string[]

param insightsConnectionString string
param httpAlwaysReady int
param instanceMemoryMB int
param retentionDays int
param sweepSchedule string
param dataProtectionApiVersion string
param subnetId string

@description('Where people reach the desk, for links in notices; empty for the app\'s own address.')
param publicUrl string

@description('While it is true nothing is submitted: for a desk that takes over the ledger of another.')
param startPaused bool

param page signIn

@description('HTTP calls at once on one instance; the default for Python is 1, which would make each webhook start an instance.')
param httpConcurrency int = 16

@description('Sync functions run in a pool of threads: as many as HTTP calls or queue messages (batchSize 8 + newBatchThreshold 4) can come at once.')
param threads int = 16

param maximumInstanceCount int = 40

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: storage.account
  scope: resourceGroup(storage.group)
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

var settings = [
  { name: 'AzureWebJobsStorage__blobServiceUri', value: account.properties.primaryEndpoints.blob }
  { name: 'AzureWebJobsStorage__queueServiceUri', value: account.properties.primaryEndpoints.queue }
  { name: 'AzureWebJobsStorage__tableServiceUri', value: account.properties.primaryEndpoints.table }
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
  { name: 'PYTHON_THREADPOOL_THREAD_COUNT', value: string(threads) }
  { name: 'PYDANTIC_DISABLE_PLUGINS', value: '__all__' } // else a new worker reads the metadata of every package for one
  { name: 'ARM_ENDPOINT', value: environment().resourceManager }
  { name: 'DATA_PROTECTION_API_VERSION', value: dataProtectionApiVersion }
  { name: 'DESK_CONFIG', value: 'desk.toml' }
  { name: 'RETENTION_DAYS', value: string(retentionDays) }
  { name: 'SWEEP_SCHEDULE', value: sweepSchedule }
  { name: 'DESK_PUBLIC_URL', value: publicUrl }
  { name: 'DESK_START_PAUSED', value: string(startPaused) }
]
// no version in the reference: a new one is taken up within a day, or at once by the runbook's refresh
var references = [
  for setting in settingsFromKeyVault: {
    name: setting
    value: '@Microsoft.KeyVault(VaultName=${keyVaultName};SecretName=${toLower(replace(setting, '_', '-'))})'
  }
]
var forSignIn = empty(page.clientId)
  ? []
  : [{ name: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID', value: identityClientId }]

resource app 'Microsoft.Web/sites@2025-03-01' = {
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
          value: '${account.properties.primaryEndpoints.blob}${storage.packages}'
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
      appSettings: concat(settings, references, forSignIn)
    }
  }

  // no passwords into the deployment endpoint
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  // who a person is, for the page; function keys, webhooks and health go on working without it
  resource auth 'config' = if (!empty(page.clientId)) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: page.clientId
            // no secret: the app's identity vouches for it (a federated credential of the app registration)
            clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [page.clientId] }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}

output url string = 'https://${app.properties.defaultHostName}'
