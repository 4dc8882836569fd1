using System.Runtime.InteropServices;

namespace Broker.Agent.Processes;

/// <summary>A null-terminated vector of C strings, as argv and environ are. Public text only.</summary>
internal sealed unsafe class TextVector : IDisposable
{
    private readonly byte** _items;
    private readonly int _count;

    internal TextVector(IReadOnlyCollection<string> texts)
    {
        _items = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        foreach (var text in texts)
            _items[_count++] = (byte*)Marshal.StringToCoTaskMemUTF8(text);
    }

    internal byte** Items => _items;

    public void Dispose()
    {
        for (var i = 0; i < _count; i++)
            Marshal.FreeCoTaskMem((nint)_items[i]);
        NativeMemory.Free(_items);
    }
}
