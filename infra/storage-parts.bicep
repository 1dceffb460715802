// What the desk needs inside its storage account, a new one or the one of another desk: package container, queues, table.
param accountName string

@description('One a desk: two desks on one account must not deploy over each other.')
param packages string

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: accountName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-06-01' = {
  parent: account::blobs
  name: packages
  properties: { publicAccess: 'None' }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2026-06-01' = {
  parent: account
  name: 'default'

  resource requests 'queues' = {
    name: 'restore-requests'
  }

  resource poison 'queues' = {
    name: 'restore-requests-poison'
  }

  resource loads 'queues' = {
    name: 'restore-loads'
  }

  resource verdicts 'queues' = {
    name: 'restore-verdicts'
  }

  resource verdictsPoison 'queues' = {
    name: 'restore-verdicts-poison'
  }
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2026-06-01' = {
  parent: account
  name: 'default'

  resource restores 'tables' = {
    name: 'restores'
  }
}
