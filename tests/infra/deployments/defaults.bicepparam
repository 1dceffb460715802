// Nothing but what has no default.
using '../../../infra/main.bicep'

param environmentName = 'desk'
param location = 'westeurope'
