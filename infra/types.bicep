// The shapes of parameters, so that a misspelt key is an error.

@export()
@description('On every resource: azd finds them by it.')
type deskTags = { 'azd-env-name': string }

@export()
@description('Object id of an identity in Microsoft Entra.')
type principalId = string

@export()
@description('ARM id of a backup vault and the object id of the identity that it restores with; empty where nobody gave it.')
type vault = { id: string, principalId: string }

@export()
@description('Who runs the deployment; an empty id gives nobody a role.')
type deployer = { principalId: string, principalType: 'User' | 'Group' | 'ServicePrincipal' }

@export()
@description('Where the desk keeps its storage; subscription is always the deployment\'s own.')
type storagePlace = { group: string, account: string, packages: string }

@export()
@description('How Azure tells everybody who is signed in; an empty clientId leaves sign-in off.')
type signIn = { clientId: string }

@export()
@description('GUIDs of Azure\'s own roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles')
var builtIn = {
  // the desk, on what is its own
  StorageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // the host: its keys, the timer's lock and status, the package
  StorageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // the triggers receive and delete, the desk sends wakes; the loader keeps loads hidden
  StorageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // the ledger
  KeyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault references; vaults read database passwords
  MonitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // Application Insights by Entra token
  // the desk, on each vault, where nobody may define roles: both, for backupJobs/read is in none of the Backup roles
  BackupOperator: '00c29273-979b-4161-815c-10b084fb9324'
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7' // also the vaults' own identities, where target servers stand
  // senders, on the request queue alone; the loader, on the queue of verdicts alone
  StorageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  // the vaults' own identities, on where restores go
  StorageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  // who deploys: an owner of a vault or an account has no right to what is in it
  KeyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  StorageQueueDataReader: '19e7f393-937e-4f77-808e-94535e297925'
  // the loader
  StorageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
}
