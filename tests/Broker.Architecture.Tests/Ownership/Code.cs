using System.Reflection;

namespace Broker.Architecture.Tests.Ownership;

/// <summary>What the compiled body of a method refers to. Only as much of the byte code is understood as is needed for that.</summary>
internal static class Code
{
    private const byte Call = 0x28, CallVirtual = 0x6f, NewObject = 0x73, LoadField = 0x7b, LoadFieldAddress = 0x7c;

    /// <summary>
    /// Methods that it may call, constructors included, and fields that it may load. Too many rather than too few: bytes that only look
    /// like it count.
    /// </summary>
    public static IEnumerable<MemberInfo> References(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        for (var at = 0; at + 4 < code.Length; at++)
        {
            if (code[at] is Call or CallVirtual or NewObject or LoadField or LoadFieldAddress
                && Resolve(method, BitConverter.ToInt32(code, at + 1)) is { } member)
                yield return member;
        }
    }

    /// <summary>
    /// Every instantiation of a generic method in an assembly, as <c>M&lt;int&gt;</c>; those that hang on a type parameter of their caller
    /// are left out.
    /// </summary>
    public static IEnumerable<MethodInfo> GenericCalls(Assembly assembly)
    {
        foreach (var module in assembly.GetModules())
        {
            for (var token = 0x2b000001; ; token++)
            {
                MethodBase? method = null;
                try
                {
                    method = module.ResolveMethod(token);
                }
                catch (ArgumentOutOfRangeException)
                {
                    break;
                }
                catch (Exception e) when (e is BadImageFormatException or ArgumentException)
                {
                    // Its arguments are parameters of the caller.
                }
                if (method is MethodInfo found)
                    yield return found;
            }
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        try
        {
            return method.Module.ResolveMember(
                token,
                method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null,
                method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or MissingMemberException or TypeLoadException)
        {
            return null;
        }
    }
}
