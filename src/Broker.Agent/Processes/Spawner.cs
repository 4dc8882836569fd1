using Broker.Agent.Native;

namespace Broker.Agent.Processes;

/// <summary>
/// Starts children by posix_spawn. A child has standard input, output and error, the descriptors that it is given, in order from 3,
/// and no other: whatever else this process has open is closed in it. It leads a process group of its own; its signals are at their
/// defaults and unblocked.
/// </summary>
internal static unsafe class Spawner
{
    private const int OpenReadWrite = 2;

    /// <param name="command">The program.</param>
    /// <param name="input">The descriptor of its standard input, or -1 for /dev/null.</param>
    /// <param name="descriptors">At most 16, each at or above <see cref="MemoryFile.LowestDescriptor"/>.</param>
    /// <returns>The child's process id; nobody but the caller waits for it.</returns>
    /// <exception cref="NativeException">The program could not be started; for instance errno 2: no such file.</exception>
    internal static int Start(Command command, int input, IReadOnlyList<int> descriptors)
    {
        using var arguments = new TextVector([.. command.Arguments]);
        using var environment = new TextVector([.. command.Environment.Select(static e => $"{e.Key}={e.Value}")]);
        var actions = stackalloc byte[LibC.OpaqueSize];
        var attributes = stackalloc byte[LibC.OpaqueSize];
        NativeException.CheckResult(LibC.InitActions(actions), "posix_spawn_file_actions_init");
        NativeException.CheckResult(LibC.InitAttributes(attributes), "posix_spawnattr_init");
        try
        {
            AddDescriptors(actions, command.Output, input, descriptors);
            SetAttributes(attributes);
            int pid;
            NativeException.CheckResult(
                LibC.Spawn(&pid, arguments.Items[0], actions, attributes, arguments.Items, environment.Items), "posix_spawn");
            return pid;
        }
        finally
        {
            _ = LibC.DestroyActions(actions);
            _ = LibC.DestroyAttributes(attributes);
        }
    }

    private static void AddDescriptors(byte* actions, ChildOutput output, int input, IReadOnlyList<int> descriptors)
    {
        // The library keeps a copy of the path.
        fixed (byte* nothing = "/dev/null\0"u8)
        {
            NativeException.CheckResult(
                input < 0 ? LibC.AddOpen(actions, 0, nothing, 0, 0) : LibC.AddDuplicate(actions, input, 0), "spawn action for input");
            for (var standard = 1; output == ChildOutput.Discard && standard <= 2; standard++)
                NativeException.CheckResult(LibC.AddOpen(actions, standard, nothing, OpenReadWrite, 0), "spawn action for output");
        }

        // Sources lie above all targets, so no step overwrites the source of a later one.
        var next = Command.FirstDescriptor;
        foreach (var descriptor in descriptors)
            NativeException.CheckResult(LibC.AddDuplicate(actions, descriptor, next++), "spawn action for a memory file");
        NativeException.CheckResult(LibC.AddCloseFrom(actions, next), "spawn action to close the rest");
    }

    private static void SetAttributes(byte* attributes)
    {
        var set = stackalloc byte[LibC.OpaqueSize];
        _ = LibC.FillSet(set);
        NativeException.CheckResult(LibC.SetSignalDefault(attributes, set), "posix_spawnattr_setsigdefault");
        _ = LibC.EmptySet(set);
        NativeException.CheckResult(LibC.SetSignalMask(attributes, set), "posix_spawnattr_setsigmask");
        NativeException.CheckResult(LibC.SetProcessGroup(attributes, 0), "posix_spawnattr_setpgroup");
        NativeException.CheckResult(
            LibC.SetFlags(attributes, LibC.SpawnSetSignalDefault | LibC.SpawnSetSignalMask | LibC.SpawnSetProcessGroup),
            "posix_spawnattr_setflags");
    }
}
