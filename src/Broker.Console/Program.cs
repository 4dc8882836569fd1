using Broker.Console.Shell;
using Broker.Secrets;

ProcessHardening.Apply();
var pauses = Environment.GetEnvironmentVariable(ConsoleApp.PauseVariable) == "1";
// Whoever looks at the stopped process has to be able to see the pages that were wiped.
SecretMemory.Configure(ConsoleApp.SecretCapacity, pauses ? SecretMemoryBacking.Mmap : SecretMemoryBacking.Auto);
var exit = await ConsoleApp.RunAsync(args, ConsoleHost.OfProcess());
if (pauses)
    LibC.StopSelf();
return exit;
