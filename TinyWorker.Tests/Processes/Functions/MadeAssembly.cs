using System.Reflection;
using System.Reflection.Emit;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>A small assembly that no project refers to: one class with one method, which adds a text to a text.</summary>
internal static class MadeAssembly
{
    public static void Save(string name, string suffix, Stream stream)
    {
        var assembly = new PersistedAssemblyBuilder(new(name), typeof(object).Assembly);
        Define(assembly, name, suffix);
        assembly.Save(stream);
    }

    public static Func<string, string> Run(string name, string suffix)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new(name), AssemblyBuilderAccess.Run);
        Define(assembly, name, suffix);
        return FunctionOf(assembly);
    }

    public static Func<string, string> FunctionOf(Assembly assembly) =>
        assembly.GetType("Adder", throwOnError: true)!.GetMethod("Add")!.CreateDelegate<Func<string, string>>();

    private static void Define(AssemblyBuilder assembly, string name, string suffix)
    {
        var type = assembly.DefineDynamicModule(name).DefineType("Adder", TypeAttributes.Public | TypeAttributes.Class);
        var method = type.DefineMethod("Add", MethodAttributes.Public | MethodAttributes.Static, typeof(string), [typeof(string)]);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldstr, suffix);
        il.Emit(OpCodes.Call, typeof(string).GetMethod(nameof(string.Concat), [typeof(string), typeof(string)])!);
        il.Emit(OpCodes.Ret);
        type.CreateType();
    }
}
