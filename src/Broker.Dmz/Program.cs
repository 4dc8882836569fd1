using System.CommandLine;
using Broker.Dmz.Node;
using Broker.Host.Running;

var admission = new Option<int?>("--admission-fd")
{
    Description = "Number of an inherited memfd with the tickets that this node's predecessor drew while it drained.",
};
return await NodeProgram.RunAsync(args, new NodeDefinition<DmzOptions>(
    "broker-dmz",
    "A node of the DMZ zone: gateway, customer keys in locked memory, agents' sessions. It keeps no row and no key on disk.",
    DmzOptions.Section,
    DmzOptions.Read,
    DmzNode.StartAsync)
{
    Options = [admission],
    Complete = (options, parsed) => options with { AdmissionDescriptor = parsed.GetValue(admission) },
});
