// What one vault's own identity needs where restores go: it writes the files, reads the password, finds the server.
param vaultId string
param containers array
param secrets array
param servers array
param containerRoleId string
param secretRoleId string
param serverRoleId string

resource vault 'Microsoft.DataProtection/backupVaults@2024-04-01' existing = {
  name: split(vaultId, '/')[8]
  scope: resourceGroup(split(vaultId, '/')[2], split(vaultId, '/')[4])
}

module onContainers 'rbac-container.bicep' = [
  for container in containers: {
    name: 'container-${uniqueString(vaultId, container)}'
    scope: resourceGroup(split(container, '/')[2], split(container, '/')[4])
    params: {
      // the system-assigned identity; a vault with a user-assigned one needs its roles by hand (doctor --print-roles)
      principalId: vault.identity.principalId
      vaultId: vaultId
      accountName: split(container, '/')[8]
      container: split(container, '/')[12]
      roleId: containerRoleId
    }
  }
]

module onSecrets 'rbac-secret.bicep' = [
  for secret in secrets: {
    name: 'secret-${uniqueString(vaultId, secret)}'
    scope: resourceGroup(split(secret, '/')[2], split(secret, '/')[4])
    params: {
      principalId: vault.identity.principalId
      vaultId: vaultId
      keyVaultName: split(secret, '/')[8]
      secretName: split(secret, '/')[10]
      roleId: secretRoleId
    }
  }
]

module onServers 'rbac-group.bicep' = [
  for server in servers: {
    name: 'server-${uniqueString(vaultId, server)}'
    scope: resourceGroup(split(server, '/')[2], split(server, '/')[4])
    params: { principalId: vault.identity.principalId, vaultId: vaultId, roleId: serverRoleId }
  }
]
