using System.CommandLine;
using Broker.Benchmarks;
using Broker.Benchmarks.Bare;
using Broker.Benchmarks.Custody;
using Broker.Benchmarks.Kernel;
using Broker.Benchmarks.Scale;

// scripts/bench starts the system that is measured, and this program against it; the bare roles are processes of this program.
var root = new RootCommand("Measures the broker against a bare chain of the same hops. Use scripts/bench.");
root.Subcommands.Add(BareRoles.Zone());
root.Subcommands.Add(BareRoles.Dmz());
root.Subcommands.Add(BareRoles.Agent());
root.Subcommands.Add(ChainBenchmark.Create());
root.Subcommands.Add(KernelBenchmark.Create());
root.Subcommands.Add(CustodyBenchmark.Create());
root.Subcommands.Add(BareSockets.Create());
root.Subcommands.Add(ProofCost.Create());
root.Subcommands.Add(ScaleBenchmark.Create());
return await root.Parse(args).InvokeAsync();
