using Broker.Dmz.Node;
using Broker.Host.Running;

return await NodeProgram.RunAsync(args, new NodeDefinition<DmzOptions>(
    "broker-dmz",
    "A node of the DMZ zone: gateway, customer keys in locked memory, agents' sessions. It keeps no row and no key on disk.",
    DmzOptions.Section,
    DmzOptions.Read,
    DmzNode.StartAsync));
