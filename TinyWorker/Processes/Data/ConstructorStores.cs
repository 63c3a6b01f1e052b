using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;

namespace TinyWorker.Processes.Data;

/// <summary>
/// What a constructor puts into the fields of its object, if it does no more than to store parameters and constants, itself or in the
/// constructor of its base, as those of records do. Anything else in its code, and nothing is known of it.
/// </summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
internal sealed class ConstructorStores
{
    // What lies on the stack: the object, the parameter of this number, or what depends on neither.
    private const int This = 0;
    private const int Constant = -1;

    private const byte TwoBytes = 0xFE;   // the code has a second one

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(field => field.GetValue(null)).OfType<OpCode>().ToDictionary(code => code.Value);

    private readonly Dictionary<(Type? Owner, int Token), int> _stores = [];

    private ConstructorStores()
    {
    }

    /// <summary>Null if the constructor may do more.</summary>
    public static ConstructorStores? Of(ConstructorInfo constructor)
    {
        var stores = new ConstructorStores();
        return stores.Read(constructor, [.. Enumerable.Range(0, constructor.GetParameters().Length + 1)]) ? stores : null;
    }

    /// <summary>Whether the field gets the parameter at this place, which begins with zero.</summary>
    public bool Keeps(FieldInfo field, int position) => _stores.GetValueOrDefault(Key(field), Constant) == position + 1;

    // The first argument is the object.
    private bool Read(ConstructorInfo constructor, int[] arguments)
    {
        if (constructor.DeclaringType == typeof(object)) return true;
        if (constructor.GetMethodBody() is not { ExceptionHandlingClauses.Count: 0 } body) return false;
        var il = body.GetILAsByteArray()!;
        var stack = new Stack<int>();
        for (var at = 0; at < il.Length;)
        {
            var code = Codes[il[at] == TwoBytes ? unchecked((short)((TwoBytes << 8) | il[at + 1])) : il[at]];
            var operand = il.AsSpan(at + code.Size);
            if (code == OpCodes.Ret) return true;
            if (!Step(code, operand, constructor, arguments, stack)) return false;
            at += code.Size + SizeOf(code.OperandType);
        }

        return false;
    }

    private bool Step(OpCode code, ReadOnlySpan<byte> operand, ConstructorInfo constructor, int[] arguments, Stack<int> stack)
    {
        if (code == OpCodes.Nop) return true;
        var argument = code.Value - OpCodes.Ldarg_0.Value;
        if (code == OpCodes.Ldarg_S) argument = operand[0];
        else if (code == OpCodes.Ldarg) argument = BitConverter.ToUInt16(operand);
        else if (argument is < 0 or > 3) argument = -1;
        if (argument >= 0)
        {
            stack.Push(arguments[argument]);
            return true;
        }

        if (code.Name is { } name && (name.StartsWith("ldc.", StringComparison.Ordinal) || name is "ldnull" or "ldstr" or "ldsfld"))
        {
            stack.Push(Constant);
            return true;
        }

        if (code == OpCodes.Stfld)
        {
            var value = stack.Pop();
            if (value == This || stack.Pop() != This) return false;
            _stores[Key(Resolve(constructor, operand, static (module, token, type) => module.ResolveField(token, type, null)!))] = value;
            return true;
        }

        return (code == OpCodes.Call || code == OpCodes.Newobj) && Call(code, operand, constructor, stack);
    }

    private bool Call(OpCode code, ReadOnlySpan<byte> operand, ConstructorInfo constructor, Stack<int> stack)
    {
        var called = Resolve(constructor, operand, static (module, token, type) => module.ResolveMethod(token, type, null)!);
        var values = new int[called.GetParameters().Length + 1];
        for (var i = values.Length - 1; i > 0; i--) values[i] = stack.Pop();
        if (code == OpCodes.Call && called is ConstructorInfo { IsStatic: false } other) return stack.Pop() == This && Read(other, values);
        if (code == OpCodes.Call && !called.IsStatic) return false;
        // What knows neither the object nor a parameter changes neither; ArgumentNullException.ThrowIfNull and its like only look.
        var onlyLooks = typeof(ArgumentException).IsAssignableFrom(called.DeclaringType) && KnownTypes.IsOfDotNet(called.DeclaringType);
        if (!onlyLooks && values[1..].Any(value => value != Constant)) return false;
        if (code == OpCodes.Newobj || ((MethodInfo)called).ReturnType != typeof(void)) stack.Push(Constant);
        return true;
    }

    private static T Resolve<T>(ConstructorInfo constructor, ReadOnlySpan<byte> operand, Func<Module, int, Type[]?, T> find)
    {
        var type = constructor.DeclaringType!;
        return find(constructor.Module, BitConverter.ToInt32(operand), type.IsGenericType ? type.GetGenericArguments() : null);
    }

    private static (Type? Owner, int Token) Key(FieldInfo field) => (field.DeclaringType, field.MetadataToken);

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
