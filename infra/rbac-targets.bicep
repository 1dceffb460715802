// What one vault's identity needs where restores go: it writes the files, reads the password, finds the server.
targetScope = 'subscription'
import { builtIn, principalId } from 'types.bicep'

param principal principalId
param accounts string[]
param containers string[]
param credentials string[]
param servers string[]

module onAccounts 'rbac-account.bicep' = [
  for account in accounts: {
    scope: resourceGroup(split(account, '/')[2], split(account, '/')[4])
    params: { principalId: principal, accountName: split(account, '/')[8], roleId: builtIn.StorageBlobDataContributor }
  }
]

module onContainers 'rbac-container.bicep' = [
  for container in containers: {
    scope: resourceGroup(split(container, '/')[2], split(container, '/')[4])
    params: {
      principalId: principal
      accountName: split(container, '/')[8]
      container: split(container, '/')[12]
      roleId: builtIn.StorageBlobDataContributor
    }
  }
]

module onCredentials 'rbac-secret.bicep' = [
  for credential in credentials: {
    scope: resourceGroup(split(credential, '/')[2], split(credential, '/')[4])
    params: {
      principalId: principal
      keyVaultName: split(credential, '/')[8]
      secretName: split(credential, '/')[10]
      roleId: builtIn.KeyVaultSecretsUser
    }
  }
]

// each group once: two servers in one group are one assignment
var groups = union(map(servers, server => join(take(split(server, '/'), 5), '/')), [])

module onServers 'rbac-group.bicep' = [
  for group in groups: {
    scope: resourceGroup(split(group, '/')[2], split(group, '/')[4])
    params: { principalId: principal, roleId: builtIn.Reader }
  }
]
