using Broker.Console.Shell;
using Broker.Secrets;

ProcessHardening.Apply();
SecretMemory.Configure(ConsoleApp.SecretCapacity);
var exit = await ConsoleApp.RunAsync(args, ConsoleHost.OfProcess());
if (Environment.GetEnvironmentVariable(ConsoleApp.PauseVariable) == "1")
    LibC.StopSelf();
return exit;
