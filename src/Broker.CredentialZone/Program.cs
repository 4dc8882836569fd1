using Broker.CredentialZone.Backup;
using Broker.CredentialZone.Migration;
using Broker.CredentialZone.Node;
using Broker.Host.Running;

return await NodeProgram.RunAsync(args, new NodeDefinition<ZoneSettings>(
    "broker-zone",
    "The credential zone: rows, directory, journal and ledger of the broker's customers. It holds no key of any of them.",
    "zone",
    ZoneSettings.Read,
    ZoneNode.StartAsync)
{
    Verbs = [.. BackupVerbs.All, MigrateVerb.Verb],
});
